"""The token layer from characters beside its twin."""

import json

import h5py
import numpy as np
import pytest
import torch

from conftest import SMALL, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.model.char_cnn import convolve_characters, trim_characters
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
