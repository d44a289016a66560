"""Random weights made anew in the published formats, written here from their description, against the NumPy twin."""

import json

import h5py
import numpy as np
import pytest

from elmo.embed.embedder import Elmo
from tensorflow_files import write_bundle
from twins import bilm as twin

TEXTS = [["the", "river", "日本", "x" * 60], ["<S>", "", "naïve"], ["bank"]]


def random_weights(seed, n_layers, n_highway, activation, skip):
    """Options and arrays by their names in HDF5; no two sizes are equal."""
    rng = np.random.default_rng(seed)
    E, P, H, filters = 3, 5, 7, [[1, 4], [2, 2], [4, 3]]
    F = 9
    options = {
        "lstm": {
            "use_skip_connections": skip,
            "projection_dim": P,
            "cell_clip": 0.8,
            "proj_clip": 0.9,
            "dim": H,
            "n_layers": n_layers,
        },
        "char_cnn": {
            "activation": activation,
            "filters": filters,
            "n_highway": n_highway,
            "embedding": {"dim": E},
            "n_characters": 261,
            "max_characters_per_token": 50,
        },
    }
    shapes = {"char_embed": (261, E), "CNN_proj/W_proj": (F, P), "CNN_proj/b_proj": (P,)}
    for i, (width, number) in enumerate(filters):
        shapes |= {f"CNN/W_cnn_{i}": (1, width, E, number), f"CNN/b_cnn_{i}": (number,)}
    for i in range(n_highway):
        for gate in ("carry", "transform"):
            shapes |= {f"CNN_high_{i}/W_{gate}": (F, F), f"CNN_high_{i}/b_{gate}": (F,)}
    for direction in (0, 1):
        for i in range(n_layers):
            cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{i}/LSTMCell"
            shapes |= {f"{cell}/W_0": (2 * P, 4 * H), f"{cell}/B": (4 * H,), f"{cell}/W_P_0": (H, P)}
    return options, {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def tensorflow_name(name, n_layers):
    """`dump_weights` of bilm-tf backwards; a cell alone is not wrapped."""
    parts = name.split("/")
    if not name.startswith("RNN"):
        return f"lm/{name}"
    last = {"W_0": "kernel", "B": "bias", "W_P_0": "projection/kernel"}[parts[-1]]
    cell = "" if n_layers == 1 else f"multi_rnn_cell/cell_{parts[3].removeprefix('Cell')}/"
    return f"lm/{parts[0]}/rnn/{cell}lstm_cell/{last}"


@pytest.mark.parametrize("write", ["hdf5", "tensorflow"])
@pytest.mark.parametrize(
    ("n_layers", "n_highway", "activation", "skip"),
    [(2, 2, "relu", True), (1, 0, "tanh", True), (3, 1, "tanh", False)],
)
def test_all_layers_are_the_twins(tmp_path, write, n_layers, n_highway, activation, skip):
    options, arrays = random_weights(n_layers, n_layers, n_highway, activation, skip)
    if write == "hdf5":
        with h5py.File(tmp_path / "weights.hdf5", "w") as file:
            for name, array in arrays.items():
                file[name] = array
    else:
        rows = np.random.default_rng(9).normal(size=(4, 5)).astype(np.float32)
        softmax = {"lm/softmax/W": rows, "lm/softmax/b": rows[:, 0]}
        write_bundle(tmp_path / "model.ckpt-1", {tensorflow_name(n, n_layers): a for n, a in arrays.items()} | softmax)
        (tmp_path / "vocab.txt").write_text("<S>\n</S>\n<UNK>\nthe\n")
    (tmp_path / "options.json").write_text(json.dumps(options))
    elmo = Elmo.from_pretrained(tmp_path, dtype="float64")
    for words, ours in zip(TEXTS, elmo.embed(TEXTS, layers="all"), strict=True):
        expected, _ = twin.bilm_of(words, options, {name: a.astype(float) for name, a in arrays.items()})
        assert np.allclose(ours, expected[:, 1:-1], atol=1e-6, rtol=1e-6), words
