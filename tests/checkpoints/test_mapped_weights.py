"""Weights that are mapped from their file: where they lie, and what becomes of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import small_model
from elmo.checkpoints.native import load_native, save_native
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.embed.embedder import Elmo
from elmo.model.bilm import BiLM
from elmo.model.config import bilm_config
from elmo.model.paging import let_go

SENTENCES = [["the", "river", "bank"], ["money"]] * 4


@pytest.mark.parametrize("names", [["w"], ["w", "ü", "a longer name"], [f"n{i}" for i in range(40)]], ids=len)
def test_the_first_tensor_of_a_file_begins_at_a_round_address(tmp_path, names):
    write_tensors({name: torch.randn(16, 16) for name in names}, tmp_path / "f")
    header = int.from_bytes((tmp_path / "f").read_bytes()[:8], "little")
    assert (8 + header) % 64 == 0
    assert all(t.data_ptr() % 64 == 0 for t in read_tensors(tmp_path / "f").values())


def test_weights_of_a_size_are_mapped_and_not_copied(tmp_path):
    config = bilm_config("tiny")
    save_native(SavedModel(ModelConfig(bilm=config), BiLM(config)), tmp_path / "m")
    loaded = load_native(tmp_path / "m")
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no /proc/self/maps: not Linux")
    lines = [line for line in maps.read_text().splitlines() if line.endswith("m/model.safetensors")]
    spans = [line.split()[0].split("-") for line in lines]
    inside = [
        p.nbytes for p in loaded.bilm.parameters()
        if any(int(a, 16) <= p.data_ptr() < int(b, 16) for a, b in spans)
    ]  # fmt: skip
    assert sum(inside) > 0.95 * sum(p.nbytes for p in loaded.bilm.parameters())


def test_a_loaded_model_can_be_changed_its_file_replaced_and_its_memory_let_go(tmp_path):
    save_native(small_model(scale=1.5), tmp_path / "m")
    loaded = load_native(tmp_path / "m")
    expected = Elmo(small_model(scale=1.5)).embed(SENTENCES)
    save_native(small_model(seed=3), tmp_path / "m")  # another model takes its name
    elmo = Elmo(loaded)
    for a, b in zip(elmo.embed(SENTENCES), expected, strict=True):
        assert np.array_equal(a, b)
    with torch.no_grad():
        for p in loaded.bilm.parameters():
            p.mul_(0.5)
    changed = [p.clone() for p in loaded.bilm.parameters()]
    let_go(*loaded.bilm.parameters())
    for p, kept in zip(loaded.bilm.parameters(), changed, strict=True):
        assert torch.equal(p, kept)


def test_weights_that_lie_elsewhere_are_copied_to_a_round_address(tmp_path):
    model = small_model()
    save_native(model, tmp_path / "m")
    file = tmp_path / "m" / "model.safetensors"
    content = file.read_bytes()
    n = int.from_bytes(content[:8], "little")
    file.write_bytes((n + 8).to_bytes(8, "little") + content[8 : 8 + n] + b" " * 8 + content[8 + n :])
    for own, p in zip(model.bilm.parameters(), load_native(tmp_path / "m").bilm.parameters(), strict=True):
        assert p.data_ptr() % 64 == 0
        assert torch.equal(own, p)
