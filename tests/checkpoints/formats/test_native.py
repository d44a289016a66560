"""Our own folder: what is not whole or does not fit is one error; what is whole comes back bit for bit."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from conftest import small_model
from elmo.checkpoints.formats.native import load_native, save_native
from elmo.checkpoints.load import load_model
from elmo.errors import CheckpointError
from elmo.train.warm_state import settle_state


@pytest.fixture
def native(tmp_path):
    save_native(small_model(), tmp_path / "m")
    return tmp_path / "m"


def test_a_native_folder_without_weights_or_vocabulary(native):
    (native / "vocabulary.txt").unlink()
    with pytest.raises(CheckpointError, match=r"vocabulary\.txt: no such file; the softmax"):
        load_model(native)
    (native / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors: no such file"):
        load_model(native)


def test_a_native_file_that_is_cut(native):
    path = native / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=r"model\.safetensors: not a whole safetensors file"):
        load_model(native)


def test_native_tensors_that_do_not_fit_are_all_named(native):
    tensors = load_file(native / "model.safetensors")
    tensors["bilm.forward_lm.layers.0.bias"] = torch.zeros(3)
    tensors["extra"] = tensors.pop("softmax.bias")
    save_file(tensors, native / "model.safetensors")
    with pytest.raises(CheckpointError) as caught:
        load_model(native)
    for part in (
        "'bilm.forward_lm.layers.0.bias' is (3,), the config makes it (44,)",
        "'extra' (9,) is not expected",
        "'softmax.bias' is missing, the config needs (9,)",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_native_tensors_that_are_no_floating_point_numbers_are_refused(native, dtype):
    tensors = load_file(native / "model.safetensors")
    tensors["bilm.forward_lm.layers.0.bias"] = torch.ones(44).to(dtype)
    save_file(tensors, native / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"layers\.0\.bias' holds \w+, expected floating-point numbers"):
        load_model(native)


@pytest.mark.parametrize("value", [torch.zeros(3), torch.full((2, 1, 7), torch.nan)])
def test_a_warm_state_that_does_not_fit_is_refused(tmp_path, value):
    model = small_model()
    state = settle_state(model.bilm, model.word_encoder, [["the", "river"]])
    config = model.config.model_copy(update={"warm_state": True})
    save_native(replace(model, config=config, warm=state), tmp_path / "m")
    assert load_model(tmp_path / "m").warm is not None
    tensors = load_file(tmp_path / "m" / "model.safetensors")
    save_file(tensors | {"warm.forward.hidden": value}, tmp_path / "m" / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"'warm\.forward\.hidden' (is \(3,\)|holds numbers that are not finite)"):
        load_model(tmp_path / "m")


def test_a_config_nested_without_end_is_no_config(native):
    (native / "config.json").write_text("[" * 100_000)
    with pytest.raises(CheckpointError, match="nested too deep"):
        load_model(native)


def test_sizes_that_no_memory_holds_are_compared_before_they_are_made(native):
    path = native / "config.json"
    config = json.loads(path.read_text())
    config["bilm"]["lstm"]["cell_size"] = 2**20
    config["bilm"]["lstm"]["projection_size"] = 2**20
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"the config makes it \(4194304, 1048576\)"):
        load_model(native)
    config["bilm"]["lstm"]["cell_size"] = 10**30
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="cell_size: Input should be less than"):
        load_model(native)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unheard": 1}, "unheard: Extra inputs are not permitted"),
        ({"format": "bert"}, "format: Input should be 'elmo'"),
        ({"n_words": 8}, r"'softmax\.bias' is \(9,\), the config makes it \(8,\)"),
    ],
)
def test_a_config_that_cannot_work(native, change, message):
    path = native / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CheckpointError, match=message):
        load_model(native)


def test_another_vocabulary_is_noticed(native):
    with (native / "vocabulary.txt").open("a") as file:
        file.write("more\n")
    with pytest.raises(CheckpointError, match=r"10 words, the softmax has 9"):
        load_model(native)


def test_a_native_model_is_bitwise_the_same_after_its_folder(native):
    before, after = small_model(), load_native(native)
    assert after.config == before.config
    assert after.vocabulary.words == before.vocabulary.words
    for a, b in ((before.bilm, after.bilm), (before.softmax, after.softmax)):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
