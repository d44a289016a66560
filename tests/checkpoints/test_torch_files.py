"""Torch's own files: tensors come back, nothing else is taken, nothing in them is run."""

import pickle
import zipfile

import pytest
import torch

from elmo.checkpoints.torch_files import read_torch_file, write_torch_file
from elmo.errors import CheckpointError


class Evil:
    """A pickle that would run a command."""

    def __reduce__(self):
        return (pytest.fail, ("what is in the file was run",))


def test_tensors_come_back_also_those_that_are_not_contiguous(tmp_path):
    tensors = {"a": torch.arange(6.0).view(2, 3).t(), "b": torch.zeros(0, 4)}
    write_torch_file(tensors, tmp_path / "a.pkl")
    found = read_torch_file(tmp_path / "a.pkl")
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("value", [Evil(), {"a": Evil()}])
def test_nothing_in_a_file_is_run(tmp_path, value):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(value))
    with pytest.raises(CheckpointError, match="not a whole file of torch tensors"):
        read_torch_file(tmp_path / "a.pkl")


@pytest.mark.parametrize("value", [[torch.zeros(2)], {"a": 3}, {4: torch.zeros(2)}, torch.zeros(2)])
def test_what_is_no_state_of_a_module_is_refused(tmp_path, value):
    torch.save(value, tmp_path / "a.pkl")
    with pytest.raises(CheckpointError, match="contains no named tensors"):
        read_torch_file(tmp_path / "a.pkl")


def test_a_tensor_that_claims_more_numbers_than_it_holds_is_refused(tmp_path):
    torch.save({"a": torch.zeros(1).expand(2**40)}, tmp_path / "a.pkl")
    with pytest.raises(CheckpointError, match=r"'a' is \(1099511627776,\) and holds fewer numbers"):
        read_torch_file(tmp_path / "a.pkl")


def test_parts_that_are_packed_are_refused(tmp_path):
    write_torch_file({"a": torch.zeros(10_000)}, tmp_path / "a.pkl")
    with (
        zipfile.ZipFile(tmp_path / "a.pkl") as whole,
        zipfile.ZipFile(tmp_path / "b.pkl", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))
    with pytest.raises(CheckpointError, match="its parts are packed, which torch never does"):
        read_torch_file(tmp_path / "b.pkl")


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no such file"), (b"", "not a whole"), (b"PK\x03\x04", "not a whole")]
)
def test_what_is_missing_or_cut_is_one_error(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.pkl").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        read_torch_file(tmp_path / "a.pkl")
