"""Good model folders in every format, and how each is read."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.campaigns.mutated_inputs import Subject
from elmo import Elmo
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig
from elmo.model.output.adaptive_softmax import output_layer
from elmo.text.words.alphabet import Alphabet
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import Vocabulary
from tests.tensorflow_files import save_tf_checkpoint

WORDS = ["<S>", "</S>", "<UNK>", "the", "river", "bank", "lends", "money", "."]
SENTENCE = ["the", "river", "bank", "Oslo"]
BILM: dict[str, Any] = {
    "char_cnn": {"embedding_size": 3, "filters": [[1, 4], [3, 5]], "n_highway": 1, "max_characters": 13},
    "lstm": {"n_layers": 2, "cell_size": 11, "projection_size": 7},
}
GATED_CNN = {"kind": "gated_cnn", "n_layers": 2, "channels": 6, "kernel_width": 3, "projection_size": 7}


def small_model(config: BiLMConfig, lexicon: Lexicon = Lexicon()) -> SavedModel:
    """A random model with softmax and vocabulary."""
    torch.manual_seed(0)
    softmax = output_layer(len(WORDS), config.encoder.projection_size, None)
    shape = ModelConfig(bilm=config, n_words=len(WORDS))
    return SavedModel(shape, BiLM(config).eval(), softmax, Vocabulary(WORDS), lexicon=lexicon)


def _read_model(folder: Path) -> None:
    vectors = Elmo(load_model(folder)).embed([SENTENCE, []], layers="all")
    assert all(np.isfinite(vector).all() for vector in vectors), "vectors that are not finite"


def model_subjects(place: Path) -> list[Subject]:
    """Models in every format, laid out in a new folder."""
    place.mkdir(parents=True)
    plain = small_model(BiLMConfig.model_validate(BILM))
    words = ["<S>", "</S>", "<UNK>", "the", "river", "bank"]
    by_alphabet = {**BILM["char_cnn"], "alphabet_size": 9}
    other = BiLMConfig.model_validate({**BILM, "char_cnn": by_alphabet, "word_embedding": {"size": 5, "n_words": 3}})
    lexicon = Lexicon(Alphabet("therivbak"), Vocabulary(words))
    save_native(plain, place / "native")
    Elmo(plain).save_pretrained(place / "float16", storage="float16")
    save_native(plain, place / "int8", "int8")
    save_native(small_model(BiLMConfig.model_validate({**BILM, "lstm": GATED_CNN})), place / "gated_cnn")
    save_native(small_model(other, lexicon), place / "lexicon")
    save_allennlp(plain, place / "allennlp")
    save_many_langs(small_model(other, lexicon), place / "many_langs")
    save_tf_checkpoint(plain, place / "bilm_tf")
    names = ("native", "float16", "int8", "lexicon", "gated_cnn", "allennlp", "many_langs", "bilm_tf")
    return [Subject("model", name, place / name, _read_model) for name in names]
