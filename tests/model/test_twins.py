"""The model against slow NumPy twins written from the formulas, on random weights in the published layout."""

import json

import h5py
import numpy as np
import pytest
import torch

from conftest import SMALL, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.embed.embedder import Elmo
from elmo.model.char_cnn import convolve_characters, trim_characters
from elmo.model.encoders.lstm.lstm import lstm_step
from elmo.model.scalar_mix import ScalarMix, mix_layers, normalise_layers
from elmo.text.words.characters import PAD_CHARACTER, encode_words
from twins import bilm as twin

WORDS = ["river", "", "ö日本", "x" * 40, "the", "<S>", "</S>"]


def published(model, folder):
    """The options and arrays of a model, through the published format."""
    save_allennlp(model, folder)
    arrays = {}
    with h5py.File(folder / "weights.hdf5") as file:
        file.visititems(lambda name, x: arrays.__setitem__(name, x[()]) if isinstance(x, h5py.Dataset) else None)
    return json.loads((folder / "options.json").read_text()), arrays


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_char_cnn_agrees_with_its_twin(tmp_path, activation):
    config = SMALL.model_copy(
        update={"char_cnn": SMALL.char_cnn.model_copy(update={"activation": activation, "n_highway": 2})}
    )
    model = small_model(config)
    options, arrays = published(model, tmp_path / "m")
    ours = model.bilm.char_cnn(torch.from_numpy(encode_words(WORDS, 13))).detach().numpy()
    for word, vector in zip(WORDS, ours, strict=True):
        assert np.allclose(vector, twin.token_vector(twin.spell(word, 13), options, arrays), atol=1e-5), word


@pytest.mark.parametrize("clip", [0.2, None])
def test_the_lstm_step_agrees_with_its_twin(clip):
    rng = np.random.default_rng(0)
    x, h, c = rng.normal(size=(3, 7)), rng.normal(size=(3, 7)), rng.normal(size=(3, 11))
    kernel, bias, projection = rng.normal(size=(14, 44)), rng.normal(size=44), rng.normal(size=(11, 7))
    gates = torch.from_numpy(np.concatenate([x, h], 1) @ kernel + bias)
    output, cell = lstm_step(gates, torch.from_numpy(c), 1.0, clip)
    for b in range(3):
        expected_cell, expected = twin.lstm_step(x[b], c[b], h[b], kernel, bias, projection, clip, None)
        assert np.allclose(cell[b], expected_cell, atol=1e-12)
        assert np.allclose(output[b].numpy() @ projection, expected, atol=1e-12)


@pytest.mark.parametrize("skip", [True, False])
def test_all_layers_agree_with_the_twin_with_state_and_clips_active(tmp_path, skip):
    lstm = SMALL.encoder.model_copy(
        update={"skip_connections": skip, "cell_clip": 0.5, "projection_clip": 0.4, "n_layers": 3}
    )
    model = small_model(SMALL.model_copy(update={"encoder": lstm}))
    options, arrays = published(model, tmp_path / "m")
    elmo = Elmo(model)
    state = None
    for sentence in (["the", "river"], WORDS, []):
        expected, state = twin.bilm_of(sentence, options, arrays, state)
        (ours,) = elmo.embed([sentence], layers="all", state="carry")
        assert np.allclose(ours, expected[:, 1:-1], atol=1e-5)
    assert any(np.abs(c).max() == 0.5 for half in state for c, _ in half), (
        "the clip must bind for this test to mean anything"
    )


def test_the_scalar_mix_agrees_with_its_twin():
    rng = np.random.default_rng(0)
    layers, weights = rng.normal(size=(2, 3, 5, 14)), [0.3, -0.7, 1.1]
    mixed = mix_layers(torch.from_numpy(layers), torch.tensor(weights, dtype=torch.float64), torch.tensor(1.7))
    for b in range(2):
        assert np.allclose(mixed[b], twin.scalar_mix(layers[b], weights, 1.7), atol=1e-12)


def test_layer_norm_takes_one_mean_and_variance_a_layer_over_unmasked_tokens():
    rng = np.random.default_rng(0)
    layers, mask = rng.normal(size=(2, 3, 5, 14)), np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], dtype=bool)
    layers *= mask[:, None, :, None]
    ours = normalise_layers(torch.from_numpy(layers), torch.from_numpy(mask), 1e-12).numpy()
    for k in range(3):
        kept = layers[:, k][mask]
        expected = (kept - kept.mean()) / np.sqrt(kept.var() + 1e-12)
        assert np.allclose(ours[:, k][mask], expected, atol=1e-12)
        assert not ours[:, k][~mask].any()


def test_a_new_mix_is_the_plain_average_and_its_weights_are_counted():
    layers, mask = torch.randn(2, 3, 5, 14), torch.ones(2, 5, dtype=torch.bool)
    assert torch.allclose(ScalarMix(3)(layers, mask), layers.mean(1), atol=1e-6)
    with pytest.raises(ValueError, match="2 weights for 3 layers"):
        ScalarMix(3, weights=[1, 2])
    with pytest.raises(ValueError, match="4 weights for 3 layers"):
        mix_layers(layers, torch.zeros(4), torch.tensor(1.0))


def test_trimming_characters_is_exact():
    cnn = small_model().bilm.char_cnn.double()
    for words in (["a"], ["a", "river"], ["x" * 11], ["x" * 40], [""]):
        ids = torch.from_numpy(encode_words(words, 13))
        trimmed = trim_characters(ids, 3, PAD_CHARACTER)
        assert trimmed.shape[1] == min(13, max(min(len(w), 11) for w in words) + 2 + 3)
        full = convolve_characters(cnn.embedding(ids), list(cnn.conv_weights), list(cnn.conv_biases), "relu")
        cut = convolve_characters(cnn.embedding(trimmed), list(cnn.conv_weights), list(cnn.conv_biases), "relu")
        assert torch.allclose(full, cut, atol=1e-13)
        with_padding_token = torch.cat([ids.new_zeros(1, 13), ids])
        assert trim_characters(with_padding_token, 3, PAD_CHARACTER).shape[1] == trimmed.shape[1]
