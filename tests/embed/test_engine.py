"""The fast path of `Elmo` gives the readable model's vectors, whatever it remembers, however it is cut."""

import numpy as np
import pytest
import torch

from conftest import INPUT_LAYERS, model_of, small_model
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError
from elmo.model.kernels.products import known_precision
from elmo.text.batches import encode_batch

DICE = np.random.default_rng(0)
SENTENCES = [[f"w{DICE.integers(40)}" for _ in range(DICE.integers(0, 15))] for _ in range(50)]
pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")


def readable(model, sentences):
    """All layers by `BiLM.forward`, each sentence alone."""
    vectors = []
    for words in sentences:
        batch = encode_batch([words], [0], model.word_encoder)
        with torch.no_grad():
            layers, _ = model.bilm(torch.from_numpy(batch.char_ids[batch.word_at]), torch.from_numpy(batch.mask))
        vectors.append(layers[0, :, 1:-1].numpy())
    return vectors


def assert_near(ours, expected, atol=1e-5):
    for a, b in zip(ours, expected, strict=True):
        assert a.shape == b.shape
        assert np.allclose(a, b, atol=atol, rtol=0)


@pytest.mark.parametrize("layer", list(INPUT_LAYERS))
def test_vectors_are_the_readable_models(layer):
    model = model_of(layer, scale=1.5)
    elmo = Elmo(model)
    for _ in range(2):  # words new, words remembered
        assert_near(elmo.embed(SENTENCES, layers="all"), readable(model, SENTENCES))


@pytest.mark.parametrize("cache_bytes", [0, 2_000, 2**26])
@pytest.mark.parametrize("batch_size", [1, 7, 256])
def test_neither_the_cache_nor_the_batch_changes_a_vector(cache_bytes, batch_size):
    model = small_model(scale=1.5)
    elmo, expected = Elmo(model, cache_bytes=cache_bytes), readable(model, SENTENCES)
    for part in (SENTENCES, SENTENCES[:9], SENTENCES[20:], SENTENCES):
        first = SENTENCES.index(part[0])
        assert_near(elmo.embed(part, layers="all", batch_size=batch_size), expected[first : first + len(part)])


def test_the_number_of_threads_changes_no_vector():
    elmo, before = Elmo(small_model(scale=1.5)), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = elmo.embed(SENTENCES, layers="all")
        torch.set_num_threads(2)
        assert_near(elmo.embed(SENTENCES, layers="all"), one)
    finally:
        torch.set_num_threads(before)


def test_the_same_call_gives_the_same_bits():
    elmo = Elmo(small_model())
    elmo.embed(SENTENCES)
    one, two = elmo.embed(SENTENCES, layers="all"), elmo.embed(SENTENCES, layers="all")
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("part", ["char_cnn", "forward_lm", "backward_lm"])
def test_a_model_that_is_trained_meanwhile_gives_its_new_vectors(part):
    model = small_model(scale=1.5)
    elmo = Elmo(model)
    before = elmo.embed(SENTENCES, layers="all")
    optimizer = torch.optim.SGD(getattr(model.bilm, part).parameters(), lr=0.1)
    batch = encode_batch(SENTENCES[:3], range(3), model.word_encoder)
    layers, _ = model.bilm(torch.from_numpy(batch.char_ids[batch.word_at]), torch.from_numpy(batch.mask))
    layers.square().mean().backward()
    optimizer.step()
    after = elmo.embed(SENTENCES, layers="all")
    assert_near(after, readable(model, SENTENCES))
    assert any(not np.allclose(a, b, atol=1e-4) for a, b in zip(before, after, strict=True))
    model.bilm.load_state_dict(small_model(scale=1.5).bilm.state_dict())
    assert_near(elmo.embed(SENTENCES, layers="all"), before)


def test_a_sentence_longer_than_a_batch_is_one_sequence(monkeypatch):
    monkeypatch.setattr("elmo.embed.engine.LAYERS_BYTES", 10_000)
    model = small_model(scale=1.5)
    long = [words for words in SENTENCES for words in words] * 2
    assert len(long) > 2 * Elmo(model)._engine.max_positions
    assert_near(Elmo(model).embed([["a"], long, ["b"]], layers="all"), readable(model, [["a"], long, ["b"]]))


@pytest.mark.parametrize(("dtype", "least"), [("bfloat16", 0.999), ("int8", 0.99)])
def test_low_precision_is_near_and_remembers_its_state(dtype, least):
    model = small_model(scale=1.5)
    low, full = Elmo(model, dtype=dtype), Elmo(model)
    for _ in range(2):
        pairs = zip(*(e.embed(SENTENCES, layers="all", state="carry") for e in (low, full)), strict=True)
        a, b = (np.concatenate(side, axis=1).reshape(-1, 14) for side in zip(*pairs, strict=True))
        assert a.dtype == np.float32
        cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        assert least < cosines.mean()
        is_low = known_precision(torch.bfloat16 if dtype == "bfloat16" else torch.int8, torch.device("cpu")) is not None
        assert (cosines.mean() < 1 - 1e-7) == is_low


def test_int8_where_there_is_none_is_one_error(monkeypatch):
    monkeypatch.setattr("elmo.embed.embedder.knows_int8", lambda device: False)
    with pytest.raises(ConfigError, match="dtype 'int8' is not available on cpu; use float32 or bfloat16"):
        Elmo(small_model(), dtype="int8")
    with pytest.raises(ConfigError, match="there are float32, bfloat16, int8, float64"):
        Elmo(small_model(), dtype="float16")
