"""The model against slow NumPy twins written from the formulas, on random weights in the published layout."""

import json

import h5py
import numpy as np
import pytest
import torch

from conftest import SMALL, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.embed.embedder import Elmo
from elmo.model.encoders.lstm.lstm import lstm_step
from twins import bilm as twin

WORDS = ["river", "", "ö日本", "x" * 40, "the", "<S>", "</S>"]


def published(model, folder):
    """The options and arrays of a model, through the published format."""
    save_allennlp(model, folder)
    arrays = {}
    with h5py.File(folder / "weights.hdf5") as file:
        file.visititems(lambda name, x: arrays.__setitem__(name, x[()]) if isinstance(x, h5py.Dataset) else None)
    return json.loads((folder / "options.json").read_text()), arrays


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
