"""Weights stored as bytes, each row with a scale; a damaged file is one sentence."""

import json

import pytest
import torch

from conftest import small_model
from elmo.checkpoints.formats.native import load_native, save_native
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.checkpoints.tensors import SCALE, as_bytes, from_bytes, read_tensors, report_faults, write_tensors
from elmo.errors import CheckpointError
from elmo.model.bilm import BiLM
from elmo.model.config import bilm_config

NAME = "bilm.forward_lm.layers.0.input_weight"


def tensors():
    torch.manual_seed(0)
    weight = torch.randn(50, 7) * torch.logspace(-6, 6, 50)[:, None]
    return {"weight": weight, "cube": torch.randn(4, 3, 5), "zeros": torch.zeros(3, 2), "vector": torch.randn(9)}


def test_each_number_is_within_half_a_step_of_its_row_and_vectors_are_exact():
    given = tensors()
    stored = as_bytes(given)
    assert stored["weight"].dtype == stored["cube"].dtype == torch.int8
    found = from_bytes(stored)
    assert found.keys() == given.keys()
    for name, t in given.items():
        assert found[name].shape == t.shape
        step = 0.0 if t.ndim == 1 else t.flatten(1).abs().amax(dim=1)[:, None] / 127
        assert ((found[name] - t).flatten(min(1, t.ndim - 1)).abs() <= 0.501 * step).all(), name


def test_what_was_stored_once_is_stored_without_loss():
    once = as_bytes(tensors())
    again = as_bytes(from_bytes(once))
    for name, t in once.items():
        assert torch.equal(t, again[name]) if t.dtype == torch.int8 else torch.allclose(t, again[name], rtol=1e-6), name


def test_a_stored_model_is_a_quarter_and_the_same_after_the_first_time(tmp_path):
    config = bilm_config("tiny")
    model = SavedModel(ModelConfig(bilm=config), BiLM(config))
    for storage in ("float32", "int8"):
        save_native(model, tmp_path / storage, storage)
    loaded = load_native(tmp_path / "int8")
    save_native(loaded, tmp_path / "again", "int8")
    for (name, a), b in zip(
        loaded.bilm.named_parameters(), load_native(tmp_path / "again").bilm.parameters(), strict=True
    ):
        assert torch.allclose(a, b, rtol=1e-6), name
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("float32", "int8")]
    assert sizes[1] < 0.26 * sizes[0]


def broken(scale):
    """The tensors of a model whose first weight has another scale; None: none."""

    def change(stored):
        stored.pop(NAME + SCALE)
        return stored if scale is None else stored | {NAME + SCALE: scale}

    return change


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (None, "'bilm.forward_lm.layers.0.input_weight' holds int8"),
        (torch.ones(3), "input_weight.scale' .3,. is not expected"),
        (torch.full((44,), torch.nan), "input_weight' holds numbers that are not finite"),
    ],
    ids=["missing", "short", "nan"],
)
def test_scales_that_do_not_fit_are_named(tmp_path, scale, message):
    save_native(small_model(), tmp_path / "m", "int8")
    file = tmp_path / "m" / "model.safetensors"
    stored = read_tensors(file)
    assert stored[NAME].shape[0] == 44
    write_tensors(broken(scale)(stored), file)
    with pytest.raises(CheckpointError, match=message):
        load_native(tmp_path / "m")


@pytest.mark.parametrize("change", [{"dtype": "F" * 3000}, {"shape": "x" * 3000}])
def test_the_message_of_a_damaged_file_is_one_sentence_however_long_a_value_is(tmp_path, change):
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} | change
    header = json.dumps({"a": tensor}).encode()
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(CheckpointError) as caught:
        read_tensors(tmp_path / "a.safetensors")
    shown = str(caught.value).replace(str(tmp_path), "")
    assert shown.startswith("/a.safetensors: not a whole safetensors file (")
    assert shown.endswith("; copy it again from where it came")
    assert len(shown) < 450


def test_of_many_faults_the_first_are_named_and_the_others_counted():
    with pytest.raises(CheckpointError, match=r"^a: 00; 01; .*; 11; and 28 more; try again$"):
        report_faults([f"{n:02}" for n in range(40)], "a", "try again")
