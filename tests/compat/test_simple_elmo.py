"""simple_elmo's calls: the numbers that simple_elmo recorded, and what is right where it was wrong."""

import json
import zipfile

import numpy as np
import pytest

from conftest import GOLDEN, small_model
from elmo.checkpoints.formats.native import save_native
from elmo.compat.simple_elmo import ElmoModel
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, ConfigError, TextError

TEXTS = [["the", "river", "bank"], ["money"], ["the", "bank"]]


@pytest.fixture
def source(shared, tmp_path):
    """two_relu under the names that simple_elmo asks for, as a folder and as a zip."""
    fixture = shared / "fixtures" / "allennlp" / "two_relu"
    (tmp_path / "m").mkdir()
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for old, new in (("options.json", "options.json"), ("weights.hdf5", "model.hdf5")):
            (tmp_path / "m" / new).write_bytes((fixture / old).read_bytes())
            archive.write(fixture / old, new)
        archive.writestr("vocab.txt", "the\nriver\n")
    return tmp_path / "m"


def texts_of(shared):
    return json.loads((shared / "fixtures" / "simple_elmo" / "texts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("how", ["bs32", "bs3", "zip_bs32"])
@pytest.mark.parametrize("layers", ["average", "top", "all"])
@pytest.mark.parametrize("warm", [True, False])
def test_numbers_are_simple_elmos(shared, source, how, layers, warm):
    golden = np.load(shared / "fixtures" / "simple_elmo" / "golden.npz")
    key = f"{how}_{layers}_warm{int(warm)}"
    texts = texts_of(shared)
    path = source.with_suffix(".zip") if how.startswith("zip") else source
    batch_size = 3 if how == "bs3" else 32
    old, ours = ElmoModel(as_published=True), ElmoModel()
    for model in (old, ours):
        model.load(path, max_batch_size=batch_size)
    vectors = old.get_elmo_vectors(texts, warmup=warm, layers=layers)
    assert vectors.dtype == np.float64
    assert vectors.shape == golden[key].shape
    assert np.allclose(vectors, golden[key], atol=2e-6, rtol=0)
    sentences = old.get_elmo_vector_average(texts, warmup=warm, layers=layers)
    assert np.allclose(sentences, golden[f"{key}_sentence"], atol=2e-6, rtol=0)
    right = ours.get_elmo_vectors(texts, warmup=warm, layers=layers)
    assert right.shape == vectors.shape
    for row, words in enumerate(texts):
        assert np.allclose(right[row, ..., : len(words), :], golden[key][row, ..., : len(words), :], atol=2e-6, rtol=0)
        assert not right[row, ..., len(words) :, :].any()


@pytest.mark.parametrize("layers", ["average", "top", "all"])
def test_the_average_is_that_of_the_tokens_whatever_is_beside(model, tmp_path, layers):
    save_native(model, tmp_path / "m")
    ours = ElmoModel()
    ours.load(tmp_path / "m", max_batch_size=2)
    together = ours.get_elmo_vector_average([*TEXTS, []], warmup=False, layers=layers)
    for row, words in enumerate(TEXTS[:2]):
        means = ours.get_elmo_vectors([words], warmup=False, layers=layers)[0].mean(axis=-2)
        expected = means / np.linalg.norm(means, axis=-1, keepdims=True)
        assert np.allclose(together[row], expected, atol=1e-6)
    assert np.allclose(np.linalg.norm(together[:3], axis=-1), 1)
    assert not together[3].any()


def test_a_call_starts_from_zero_unless_its_session_goes_on(model, tmp_path):
    save_native(model, tmp_path / "m")
    ours, elmo = ElmoModel(), Elmo(model)
    ours.load(tmp_path / "m")
    session = object()
    one, two, other = (ours.get_elmo_vectors(TEXTS, False, "all", s) for s in (session, session, None))
    first, second = (elmo.embed(TEXTS, layers="all", state="carry") for _ in range(2))
    for row, words in enumerate(TEXTS):
        assert np.allclose(one[row, :, : len(words)], first[row], atol=1e-6)
        assert np.allclose(two[row, :, : len(words)], second[row], atol=1e-6)
    assert np.array_equal(other, one)
    assert not np.allclose(one, two, atol=1e-3)


def test_substitutes_are_the_likeliest_words(tmp_path):
    model = small_model()
    save_native(model, tmp_path / "m")
    ours = ElmoModel()
    assert ours.load(tmp_path / "m", full=True) is ours
    ((river, bank),) = ours.get_elmo_substitutes([["river", "bank"]], topn=2)
    (layers,) = Elmo(model).embed([["river", "bank"]], layers="all")
    weight, bias = (p.detach().numpy() for p in model.softmax.parameters())
    best = np.argsort(-(weight @ layers[-1][0, :7] + bias))[:2]  # what the forward LM expects behind `river`
    assert bank["word"] == "bank"
    assert bank["forward"] == [model.vocabulary.words[i] for i in best]
    best = np.argsort(-(weight @ layers[-1][1, 7:] + bias))[:2]
    assert river["backward"] == [model.vocabulary.words[i] for i in best]
    (marked,) = ours.get_elmo_substitutes([["river"]], nodelimiters=False)
    assert [token["word"] for token in marked] == ["<S>", "river", "</S>"]
    assert (marked[0]["forward"], marked[2]["backward"]) == ([], [])


def test_bad_calls_are_one_error_each(tmp_path):
    ours = ElmoModel()
    with pytest.raises(ConfigError, match=r"call load\(directory\) first"):
        ours.get_elmo_vectors(TEXTS)
    with pytest.raises(CheckpointError, match="full=True needs the softmax and the vocabulary"):
        ours.load(GOLDEN / "allennlp" / "one_tanh", full=True)
    with pytest.raises(ConfigError, match="max_batch_size 0"):
        ours.load(GOLDEN / "allennlp" / "one_tanh", max_batch_size=0)
    ours.load(GOLDEN / "allennlp" / "one_tanh")
    with pytest.raises(ConfigError, match="layers='best'; there are average, top, all"):
        ours.get_elmo_vectors(TEXTS, layers="best")
    with pytest.raises(CheckpointError, match="needs the softmax"):
        ours.get_elmo_substitutes(TEXTS)
    for texts in ("the", ["the"], [["a", 1]], None):
        with pytest.raises(TextError, match="list of"):
            ours.get_elmo_vectors(texts)
    assert ours.get_elmo_vectors([]).shape == (0, 0, 32)
    assert ours.get_elmo_vectors([[], []], layers="all").shape == (2, 2, 0, 32)
    assert ours.get_elmo_vector_average([]).shape == (0, 32)
