"""HDF5 read and written: damage and a full disk are one error each."""

import gc
import signal
import sys

import h5py
import numpy as np
import pytest

from elmo.checkpoints.hdf5 import reading_hdf5, writing_hdf5
from elmo.errors import CheckpointError


def test_what_was_written_is_read(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    with writing_hdf5(tmp_path / "a.hdf5") as write:
        write("a/b", values)
        write("text", "ö", h5py.string_dtype())
    with reading_hdf5(tmp_path / "a.hdf5", "none") as file:
        assert np.array_equal(file["a/b"][()], values)
        assert file["text"][()].decode() == "ö"


@pytest.mark.parametrize("size", [0, 8, 100, 1000])
def test_a_file_that_is_cut_is_one_error_wherever_it_is_noticed(tmp_path, size):
    with writing_hdf5(tmp_path / "a.hdf5") as write:
        write("a", np.arange(5000.0))
    whole = (tmp_path / "a.hdf5").read_bytes()
    (tmp_path / "a.hdf5").write_bytes(whole[:size])
    with (
        pytest.raises(CheckpointError, match=r"a\.hdf5: not a whole HDF5 file"),
        reading_hdf5(tmp_path / "a.hdf5", "none") as file,
    ):
        file["a"][()]


def test_what_is_wrong_within_the_block_is_the_same_error(tmp_path):
    with writing_hdf5(tmp_path / "a.hdf5") as write:
        write("a", np.zeros(3))
    with pytest.raises(CheckpointError, match="not a whole HDF5 file"), reading_hdf5(tmp_path / "a.hdf5", "") as file:
        file["b"]
    with (
        pytest.raises(CheckpointError, match=r"none\.hdf5: no such file; give one"),
        reading_hdf5(tmp_path / "none.hdf5", "give one"),
    ):
        pass


def test_a_full_disk_is_an_error_of_the_system_and_the_file_is_closed():
    with pytest.raises(OSError, match="No space left"), writing_hdf5_full() as write:
        write("a", np.zeros(100_000))


def writing_hdf5_full():
    from pathlib import Path

    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    return writing_hdf5(Path("/dev/full"))


def open_files():
    return h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE)


def write_eight(path):
    with writing_hdf5(path) as write:  # a name that would keep the file open if it outlived an interrupt
        for name in "abcdefgh":
            write(name, np.arange(6.0))


def raise_interrupt(number, frame):
    raise KeyboardInterrupt


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_at_any_moment_leaves_no_open_file_and_nothing_that_complains_later(tmp_path, monkeypatch):
    complaints = []  # without their tracebacks, which would keep what is left open
    monkeypatch.setattr(sys, "unraisablehook", lambda found: complaints.append((found.exc_type, str(found.exc_value))))
    gc.collect()
    before = open_files()  # of other tests
    former = signal.signal(signal.SIGALRM, raise_interrupt)
    interrupted = 0
    try:
        for number in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 + number * 2e-5)
                write_eight(tmp_path / "v.hdf5")
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            if number % 20 == 0:
                gc.collect()
                assert open_files() <= before, number
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    gc.collect()
    assert open_files() <= before
    dropped = (ResourceWarning, KeyboardInterrupt)  # an interrupt within a destructor cannot be raised
    assert not [one for one in complaints if not issubclass(one[0], dropped)]
    assert interrupted > 50
