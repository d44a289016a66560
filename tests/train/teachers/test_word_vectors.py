"""Vectors of whole words from a teacher: the student starts as it was, reads them in any case, and learns to use them."""

import pytest
import torch

from conftest import SMALL, TEXT, small_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, ConfigError
from elmo.model.config import BiLMConfig, WordEmbeddingConfig
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run
from elmo.train.teachers.bilm_teacher import BiLMTeacher
from elmo.train.teachers.transformer import Transformer
from elmo.train.teachers.word_vectors import principal_components, with_word_vectors
from teachers import PIECES, WORDS, write_teacher

SIZE = 5
RECIPE = {"rows": 4, "window": 20, "n_negatives": 6, "teacher": {"word_vectors": SIZE}, "dropout": 0.0}
SENTENCES = [["The", "bank", "OF", "the", "river"], ["zebra", "Swim", "kept"]]


@pytest.fixture
def teacher(tmp_path):
    return write_teacher(tmp_path / "teacher")


def test_whole_words_are_those_that_the_tokenizer_leaves_whole(teacher):
    words, embeddings = Transformer(teacher).whole_words()
    assert words == [piece for piece in PIECES if piece in {*WORDS, "ban"} and len(piece) > 1]
    assert embeddings.shape == (len(words), 16)


def test_the_student_starts_as_it_was(teacher):
    model, recipe = small_model(), pretrain_config(RECIPE, [])
    grown, changed = with_word_vectors(model, recipe, Transformer(teacher))
    assert grown.config.bilm == changed.bilm != model.config.bilm
    for before, after in zip(*(Elmo(m).embed(SENTENCES, layers="all") for m in (model, grown)), strict=True):
        assert torch.equal(torch.from_numpy(before), torch.from_numpy(after))
    rows = grown.bilm.word_embedding.embedding.weight
    assert not rows[:4].any()
    assert rows[4:].norm(dim=1).min() > 0
    ids = grown.word_encoder.encode(["bank", "BANK", "zebra"])[:, -1]
    assert ids[0] == ids[1] != ids[2] == 3


def test_a_run_learns_them_and_saves_them(tmp_path, teacher):
    save_native(small_model(), tmp_path / "start")
    corpus = tmp_path / "c.txt"
    corpus.write_text(TEXT * 6, encoding="utf-8")
    recipe = pretrain_config({**RECIPE, "optimizer": {"warmup_steps": 0}}, [])
    start_run([corpus], tmp_path / "run", recipe, teacher=str(teacher), start=str(tmp_path / "start"), max_steps=4)
    continue_run(tmp_path / "run")
    model = load_model(tmp_path / "run")
    assert model.config.bilm.word_embedding == WordEmbeddingConfig(
        size=SIZE, n_words=len(model.lexicon.input_words) - 3, fold_case=True
    )
    assert model.bilm.word_embedding.projection.weight.any()
    vectors = Elmo(model).embed([["bank"], ["BANK"], ["zebra"]], layers=0)
    assert len({v.tobytes() for v in vectors}) == 3  # the characters still tell them apart
    with pytest.raises(CheckpointError, match="looks some up in small letters"):
        save_many_langs(model, tmp_path / "other")


def test_components_are_those_of_a_decomposition():
    vectors = torch.randn(40, 12, generator=torch.Generator().manual_seed(0))
    found = principal_components(vectors, 4)
    normal = torch.nn.functional.layer_norm(vectors, (12,))
    _, s, _ = torch.linalg.svd(normal - normal.mean(0), full_matrices=False)
    assert torch.allclose(found.norm(dim=0), s[:4], rtol=1e-4)
    gram = found.t() @ found
    assert torch.allclose(gram, torch.diag(gram.diag()), atol=1e-3)
    assert torch.equal(found, principal_components(vectors, 4))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t, m: (m, BiLMTeacher(m)), "no vectors of whole words"),
        (lambda t, m: (None, t), "only a model that is given with --start"),
        (lambda t, m: (with_word_vectors(m, pretrain_config(RECIPE, []), t)[0], t), "vectors of words already"),
    ],
)
def test_what_cannot_gain_them_is_refused(teacher, change, says):
    model, teacher = change(Transformer(teacher), small_model())
    with pytest.raises(ConfigError, match=says):
        with_word_vectors(model, pretrain_config(RECIPE, []), teacher)


def test_more_numbers_than_the_teacher_has_are_refused(teacher):
    recipe = pretrain_config({**RECIPE, "teacher": {"word_vectors": 17}}, [])
    with pytest.raises(ConfigError, match="16 numbers each"):
        with_word_vectors(small_model(), recipe, Transformer(teacher))


def test_without_the_setting_nothing_changes(teacher):
    model, recipe = small_model(), pretrain_config({"teacher": {}}, [])
    assert with_word_vectors(model, recipe, Transformer(teacher)) == (model, recipe)


def test_models_without_folding_keep_their_json():
    plain = BiLMConfig(word_embedding=WordEmbeddingConfig(size=3, n_words=4))
    assert "fold_case" not in plain.model_dump_json()
    folded = BiLMConfig(word_embedding=WordEmbeddingConfig(size=3, n_words=4, fold_case=True))
    assert BiLMConfig.model_validate_json(folded.model_dump_json()) == folded != plain
    assert SMALL.folds_case is False
