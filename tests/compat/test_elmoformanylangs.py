"""ELMoForManyLangs' call: the values that the program recorded, stateless by default, as it was if asked."""

import json
import random

import numpy as np
import pytest

from conftest import model_of
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.compat.elmoformanylangs import Embedder
from elmo.errors import ConfigError, TextError

NAMES = ["word_char", "char_only", "word_only", "short_chars"]
pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")


def fixture(shared, name):
    folder = shared / "fixtures" / "elmoformanylangs"
    sentences = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))
    return folder / name, sentences, np.load(folder / name / "golden.npz")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layer", [-1, -2, 0, 1, 2])
def test_a_first_call_is_that_of_the_program_and_so_is_every_other(shared, name, layer):
    folder, sentences, golden = fixture(shared, name)
    embedder = Embedder(str(folder), batch_size=2)
    for _ in range(2):
        for s, vectors in enumerate(embedder.sents2elmo(sentences, output_layer=layer)):
            expected = golden[f"zero_layer{layer}_s{s}"]
            assert (vectors.dtype, vectors.shape) == (np.float32, expected.shape)
            assert np.allclose(vectors, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_as_published_state_goes_on_and_batches_are_shuffled(shared, name):
    folder, sentences, golden = fixture(shared, name)
    old = Embedder(folder, as_published=True)
    for call in range(3):
        for s, vectors in enumerate(old.sents2elmo(sentences, -2)):
            assert np.allclose(vectors, golden[f"call{call}_s{s}"], atol=1e-6, rtol=0)
    old = Embedder(folder, batch_size=2, as_published=True)
    random.seed(5)
    for s, vectors in enumerate(old.sents2elmo(sentences, -2)):
        assert np.allclose(vectors, golden[f"bs2_seed5_s{s}"], atol=1e-6, rtol=0)


def test_bad_calls_are_one_error_each(tmp_path):
    save_many_langs(model_of("alphabet, words"), tmp_path / "m")
    with pytest.raises(ConfigError, match="batch_size 0: must be at least 1"):
        Embedder(tmp_path / "m", 0)
    embedder = Embedder(tmp_path / "m")
    for layer in (3, -3, "top", 1.5):
        with pytest.raises(ConfigError, match=r"there are -1 \(mean\), -2 \(all\) and 0 to 2"):
            embedder.sents2elmo([["the"]], layer)
    for sents in ("the", ["the"], [[1]], None):
        with pytest.raises(TextError, match="list of"):
            embedder.sents2elmo(sents)
    assert embedder.sents2elmo([]) == []
    assert [v.shape for v in embedder.sents2elmo([[], ["the"]], -2)] == [(3, 0, 14), (3, 1, 14)]
