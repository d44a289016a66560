"""No vector that is handed out or written holds a number that is not finite."""

import warnings

import numpy as np
import pytest

from conftest import small_model
from elmo import Elmo, open_vectors
from elmo.errors import ConfigError

SENTENCES = [["the", "bank"], ["of", "the", "river"]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("weights", "pooling"), [((1e39, 0, 0), None), ((3e38, 3e38, 0), "max"), ((0, 0, 1e300), "mean")]
)
def test_weights_of_layers_that_float32_cannot_hold_are_refused(dtype, weights, pooling):
    elmo = Elmo(small_model(), dtype=dtype)
    with pytest.raises(ConfigError, match=r"larger than float32 can hold.*give smaller weights"):
        elmo.embed(SENTENCES, weights, pooling)
    assert np.isfinite(elmo.embed(SENTENCES, (1e37, 0, 0), pooling)[0]).all()


@pytest.fixture
def embed(run_elmo, tmp_path):
    Elmo(small_model()).save_pretrained(tmp_path / "m")
    (tmp_path / "text.txt").write_text("the bank\nof the river\n", encoding="utf-8")

    def run(name, *options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of numpy, when a number overflows
            return run_elmo("embed", tmp_path / "text.txt", "-m", tmp_path / "m", "-o", tmp_path / name, *options)

    return run


@pytest.mark.parametrize("name", ["v.hdf5", "v.npz", "v"])
def test_nothing_is_written_of_weights_that_are_too_large(embed, tmp_path, name):
    ran = embed(name, "--layers", "1e39,0,0")
    assert ran.status == 2
    assert "larger than float32 can hold" in ran.err
    assert not (tmp_path / name).exists() or not list((tmp_path / name).glob("part-*"))


def test_vectors_that_float16_cannot_hold_are_refused(embed, tmp_path):
    ran = embed("v", "--float16", "--layers", "1e6,0,0")
    assert ran.status == 2
    assert "float16 holds at most 65,504; write float32" in ran.err
    assert embed("w", "--float16", "--layers", "1000,0,0").status == 0
    assert np.isfinite(open_vectors(tmp_path / "w")[0].vectors).all()
    assert embed("x", "--layers", "1e6,0,0").status == 0
