"""Weights that are mapped from their file: where they lie, and what becomes of them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import small_model
from elmo.checkpoints.formats.native import load_native, save_native
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.checkpoints.tensors import _CODES, read_tensors, write_tensors
from elmo.embed.embedder import Elmo
from elmo.model.bilm import BiLM
from elmo.model.config import bilm_config
from elmo.model.kernels.paging import release_mapped_pages

SENTENCES = [["the", "river", "bank"], ["money"]] * 4


@pytest.mark.parametrize("names", [["w"], ["w", "ü", "a longer name"], [f"n{i}" for i in range(40)]], ids=len)
def test_the_first_tensor_of_a_file_begins_at_a_round_address(tmp_path, names):
    write_tensors({name: torch.randn(16, 16) for name in names}, tmp_path / "f")
    header = int.from_bytes((tmp_path / "f").read_bytes()[:8], "little")
    assert (8 + header) % 64 == 0
    assert all(t.data_ptr() % 64 == 0 for t in read_tensors(tmp_path / "f").values())


def test_the_same_tensors_make_the_same_bytes_in_any_process(tmp_path):
    program = (
        "import sys, torch; from pathlib import Path; from elmo.checkpoints.tensors import write_tensors;"
        "write_tensors({'b': torch.ones(2, 3), 'a': torch.zeros(()).half(), 'c': torch.arange(4)}, Path(sys.argv[1]))"
    )
    for seed in "12":
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", program, str(tmp_path / seed)], check=True, env=environment)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


@pytest.mark.parametrize("dtype", list(_CODES), ids=str)
def test_tensors_of_every_type_and_shape_come_back(tmp_path, dtype):
    tensors = {str(shape): torch.ones(shape).mul(3).to(dtype) for shape in [(), (0, 4), (5,), (3, 1, 7)]}
    tensors["turned"] = torch.arange(6).view(2, 3).to(dtype).T
    write_tensors(tensors | {"odd": torch.ones(3, dtype=torch.uint8)}, tmp_path / "f")
    found = read_tensors(tmp_path / "f")
    assert all(torch.equal(found[name], t) and found[name].dtype == dtype for name, t in tensors.items())


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
    config = bilm_config("tiny")
    model = SavedModel(ModelConfig(bilm=config), BiLM(config))  # its weights fill pages, which a small model's do not
    save_native(model, tmp_path / "m")
    loaded = load_native(tmp_path / "m")
    expected = Elmo(model).embed(SENTENCES)
    save_native(small_model(seed=3), tmp_path / "m")  # another model takes its name
    elmo = Elmo(loaded)
    for a, b in zip(elmo.embed(SENTENCES), expected, strict=True):
        assert np.array_equal(a, b)
    with torch.no_grad():
        for p in loaded.bilm.parameters():
            p.mul_(0.5)
    changed = [p.clone() for p in loaded.bilm.parameters()]
    release_mapped_pages(*loaded.bilm.parameters())
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
