"""Pages of mapped weights are given back; no number changes, whatever the memory is of."""

import sys

import pytest
import torch

from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.model.kernels.paging import release_mapped_pages


def resident_kb(path):
    """How much of a mapped file is in memory, by the system's own account."""
    kb, ours = 0, False
    with open("/proc/self/smaps", encoding="utf-8") as file:
        for line in file:
            if "-" in line.split(" ", 1)[0]:
                ours = str(path) in line
            elif ours and line.startswith("Rss:"):
                kb += int(line.split()[1])
    return kb


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep their pages")
def test_mapped_weights_leave_memory_and_come_back_the_same(tmp_path):
    path = tmp_path / "w.safetensors"
    write_tensors({"w": torch.arange(2**20, dtype=torch.float32)}, path)
    weight = read_tensors(path)["w"]
    total = float(weight.double().sum())
    full = resident_kb(path)
    assert full > 4000
    release_mapped_pages(weight)
    if resident_kb(path) >= full:
        pytest.skip("this kernel keeps mapped pages (MADV_PAGEOUT needs Linux 5.4)")
    assert resident_kb(path) < full / 4
    assert float(weight.double().sum()) == total


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_memory_of_no_file_keeps_its_numbers(size):
    weight = torch.arange(size, dtype=torch.float32)
    view = weight[1:] if size > 1 else weight
    release_mapped_pages(weight, None, view, torch.empty(3, device="meta"))
    assert torch.equal(weight, torch.arange(size, dtype=torch.float32))
