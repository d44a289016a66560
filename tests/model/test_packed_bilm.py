"""The fast biLM gives what the readable one gives, on random weights and words, with the clips active."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conftest import INPUT_LAYERS, SMALL, model_of, small_model
from elmo.model.config import BiLMConfig
from elmo.model.encoders.lstm import packed_lstm
from elmo.model.encoders.lstm.lstm import LSTMState, zero_state
from elmo.model.encoders.state import BiLMState
from elmo.model.packed_bilm import PackedBiLM
from elmo.text.batches import encode_batch
from elmo.text.packing import pack

SENTENCES = [
    ["the", "river", "日本", "x" * 40],
    ["bank"],
    [],
    ["a", "b", "c", "d", "e", "f", "g"],
    ["the", ""],
    ["bank"],
]


def clipped(**lstm):
    """SMALL with clips that bind."""
    settings = {"cell_clip": 0.6, "projection_clip": 0.5, **lstm}
    return SMALL.model_copy(update={"encoder": SMALL.encoder.model_copy(update=settings)})


def random_state(config, n_rows, seed=0):
    rng = torch.Generator().manual_seed(seed)
    halves = (zero_state(config.encoder, n_rows, torch.zeros(())) for _ in range(2))
    return BiLMState(*(LSTMState(*(0.3 * torch.randn(t.shape, generator=rng) for t in half)) for half in halves))


def both(model, sentences, state, precision=None):
    """Layers of the readable and of the fast path, sentence by sentence (L, T, D), and both states."""
    order = sorted(range(len(sentences)), key=lambda i: -len(sentences[i]))
    batch = encode_batch(sentences, order, model.word_encoder)
    char_ids, word_at = torch.from_numpy(batch.char_ids), torch.from_numpy(batch.word_at)
    with torch.no_grad():
        tokens = model.bilm.token_layer(char_ids)
        slow, slow_after = model.bilm.contextualise(tokens[word_at], torch.from_numpy(batch.mask), state)
        packed = PackedBiLM(model.bilm, precision)
        lengths = batch.mask.sum(axis=1)
        packing = pack(lengths.tolist())
        flat = np.concatenate([batch.word_at[: packing.batch_sizes[t], t] for t in range(len(packing.batch_sizes))])
        own = BiLMState(*(LSTMState(*(t.clone() for t in half)) for half in state))
        fast, fast_after = packed.contextualise(
            packed.token_layer(char_ids)[torch.from_numpy(flat)],
            packing.batch_sizes.tolist(),
            torch.from_numpy(packing.reverse_indices),
            own,
        )
        indices = np.split(packing.unsorted_indices, np.cumsum(lengths)[:-1])
    pairs = [(slow[b, :, : lengths[b]], fast[:, torch.from_numpy(p)]) for b, p in enumerate(indices)]
    return pairs, slow_after, fast_after


def assert_same(model, sentences, state, tolerance=1e-5):
    pairs, slow_after, fast_after = both(model, sentences, state)
    for slow, fast in pairs:
        assert slow.shape == fast.shape
        assert torch.allclose(slow, fast, atol=tolerance, rtol=0)
    for slow_half, fast_half in zip(slow_after, fast_after, strict=True):
        for slow, fast in zip(slow_half, fast_half, strict=True):
            assert torch.allclose(slow, fast, atol=tolerance, rtol=0)


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("n_layers", [1, 3])
def test_layers_and_state_are_the_twins_with_clips_active(skip, n_layers):
    config = clipped(skip_connections=skip, n_layers=n_layers)
    model = small_model(config)
    assert_same(model, SENTENCES, random_state(config, len(SENTENCES)))


@pytest.mark.parametrize("n_rows", [1, 2, 4, 5])
@pytest.mark.parametrize("projected", [True, False])
def test_a_sentence_or_a_few_are_the_twins(n_rows, projected):
    config = clipped() if projected else clipped(projected=False, cell_size=7)
    model = small_model(config)
    assert_same(model, SENTENCES[:n_rows], random_state(config, n_rows))


@pytest.mark.parametrize("n_rows", [1, 3])
def test_a_document_is_read_some_tokens_at_a_time(n_rows, monkeypatch):
    monkeypatch.setattr(packed_lstm, "READ_AHEAD", 4)
    lengths, plain = [], packed_lstm.small_batch_linear

    def noted(weights, biases, precision):
        product = plain(weights, biases, precision)
        return lambda x: lengths.append(x.shape[1]) or product(x)

    monkeypatch.setattr(packed_lstm, "small_batch_linear", noted)
    config = clipped()
    assert_same(small_model(config), SENTENCES[:n_rows], random_state(config, n_rows))
    assert max(lengths) == 4


@pytest.mark.parametrize("layer", list(INPUT_LAYERS))
def test_every_input_layer(layer):
    model = model_of(layer)
    assert_same(model, SENTENCES, random_state(model.bilm.config, len(SENTENCES)))


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "tanh"},
        {"n_highway": 0},
        {"n_highway": 2, "filters": ((3, 5), (1, 4), (2, 3))},
        {"filters": ((3, 4), (2, 3)), "projected": False},
        {"filters": ((13, 4), (1, 3))},
    ],
)
def test_every_char_cnn(changes):
    cnn = SMALL.char_cnn.model_copy(update=changes)
    model = small_model(BiLMConfig(char_cnn=cnn, lstm=SMALL.encoder), scale=1.0)
    assert_same(model, SENTENCES, random_state(model.bilm.config, len(SENTENCES)))


def test_a_cell_without_projection_or_clips():
    lstm = SMALL.encoder.model_copy(
        update={"cell_size": 7, "projected": False, "cell_clip": None, "projection_clip": None, "forget_bias": 0.0}
    )
    model = small_model(BiLMConfig(char_cnn=SMALL.char_cnn, lstm=lstm))
    assert_same(model, SENTENCES, random_state(model.bilm.config, len(SENTENCES)))


@given(st.lists(st.lists(st.text(max_size=20), max_size=6), min_size=1, max_size=6), st.integers(0, 9))
def test_any_words(sentences, seed):
    model = small_model(clipped(), seed=seed)
    assert_same(model, sentences, random_state(model.bilm.config, len(sentences), seed))


@pytest.mark.parametrize(("precision", "mean"), [(torch.bfloat16, 0.999), (torch.int8, 0.99)])
def test_low_precision_is_near(precision, mean):
    model = small_model(clipped(), scale=1.5)
    pairs, _, _ = both(model, SENTENCES, random_state(model.bilm.config, len(SENTENCES)), precision)
    cosines = torch.cat([torch.cosine_similarity(slow, fast, dim=2).flatten() for slow, fast in pairs])
    assert mean < cosines.mean() < 1 - 1e-6
    assert all(fast.dtype == torch.float32 for _, fast in pairs)
