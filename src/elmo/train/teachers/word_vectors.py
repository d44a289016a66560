"""Vectors of whole words that a student takes from its teacher, beside the characters of the words.

A character CNN encodes how a word is spelled; it cannot memorise what each of twenty thousand names means. The pieces of a
Transformer that are whole words have embeddings. The student gets the first principal components of these as the vectors of its
input words, with a projection of zeros: so it starts as the model that it was, and learns what to make of them.
"""

from dataclasses import replace

import torch
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import ConfigError
from elmo.model.bilm import BiLM
from elmo.model.config import WordEmbeddingConfig
from elmo.text.words.vocabulary import SPECIALS, Vocabulary
from elmo.train.config import PretrainConfig
from elmo.train.teachers.teacher import Teacher, normalised
from elmo.train.teachers.transformer import Transformer

_SCALE = 0.25  # of the components: rows of length 4, whose projection is learned at the rate of all weights


def with_word_vectors(
    model: SavedModel | None, recipe: PretrainConfig, teacher: Teacher
) -> tuple[SavedModel | None, PretrainConfig]:
    """The initial model with vectors of the teacher's whole words, if the recipe asks for them, and the recipe with its layers.

    Raises:
        ConfigError: the teacher has no pieces, or fewer numbers for each; there is no initial model, or it has such vectors.
    """
    size = 0 if recipe.teacher is None else recipe.teacher.word_vectors
    if not size:
        return model, recipe
    if not isinstance(teacher, Transformer):
        raise ConfigError("teacher.word_vectors: this teacher has no vectors of whole words; leave it out")
    if model is None:
        raise ConfigError("teacher.word_vectors: only a model that is given with --start gains vectors of words")
    bilm = model.config.bilm
    if bilm.char_cnn is None or bilm.word_embedding is not None:
        raise ConfigError("teacher.word_vectors: the initial model has vectors of words already; leave it out")
    words, embeddings = teacher.whole_words()
    if size > min(embeddings.shape):
        raise ConfigError(
            f"teacher.word_vectors {size}: the teacher has {len(words):,} whole words with {teacher.size} numbers each"
        )
    config = WordEmbeddingConfig(size=size, n_words=len(words), fold_case=True)
    bilm = bilm.model_copy(update={"word_embedding": config})
    grown = BiLM(bilm)
    grown.load_state_dict(model.bilm.state_dict(), strict=False)
    assert grown.word_embedding is not None
    with torch.no_grad():
        grown.word_embedding.projection.weight.zero_()
        grown.word_embedding.embedding.weight.zero_()
        grown.word_embedding.embedding.weight[-len(words) :] = principal_components(embeddings, size) * _SCALE
    lexicon = model.lexicon._replace(input_words=Vocabulary([*SPECIALS, *words]))
    changed = replace(model, config=model.config.model_copy(update={"bilm": bilm}), bilm=grown, lexicon=lexicon)
    return changed, recipe.model_copy(update={"bilm": bilm})


def principal_components(vectors: Tensor, size: int) -> Tensor:
    """The first components of normalised vectors, each with its largest weight positive: float (n, D) -> float (n, size)."""
    centred = normalised(vectors).double()
    centred = centred - centred.mean(dim=0)
    directions = torch.linalg.eigh(centred.t() @ centred).eigenvectors.flip(1)[:, :size]  # (D, size)
    signs = directions.gather(0, directions.abs().argmax(dim=0, keepdim=True)).sign()
    components: Tensor = centred @ (directions * signs)
    return components.float()
