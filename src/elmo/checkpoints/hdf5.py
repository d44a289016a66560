"""HDF5 files, read and written so that damage and a full disk each raise one error, wherever HDF5 notices them."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from elmo.errors import CheckpointError, reason_of
from elmo.storage.uninterrupted import uninterrupted

WriteDataset = Callable[..., None]


@contextmanager
def reading_hdf5(path: Path, missing: str) -> Iterator[h5py.File]:
    """The file for reading.

    Args:
        missing: what to say if there is no such file.
    Raises:
        CheckpointError: the file is missing, cut short or damaged, noticed now or while it is read in the block.
    """
    if not path.is_file():
        raise CheckpointError(f"{path.absolute()}: no such file; {missing}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (
        OSError,
        RuntimeError,
        KeyError,
        ValueError,
        TypeError,
        MemoryError,
    ) as error:  # h5py has all of these for damage
        raise CheckpointError(
            f"{path}: not a whole HDF5 file ({reason_of(error)}); copy it again from where it came"
        ) from error


@contextmanager
def writing_hdf5(path: Path) -> Iterator[WriteDataset]:
    """A new file; yields `write(name, array, dtype=None)`, which adds a dataset.

    Signals wait while HDF5 is at work: it cannot close a file once an exception has passed through it.

    Raises:
        OSError: the disk is full or fails, at the first dataset that could not be written.
    """
    disk = file = None
    try:
        with uninterrupted():
            disk = _ForgivingFile(path)
            file = h5py.File(disk, "w")

        def write(name: str, data: Any, dtype: Any = None) -> None:
            with uninterrupted():
                file.create_dataset(name, data=data, dtype=dtype)
            disk.check()

        yield write
        with uninterrupted():
            file.flush()
        disk.check()
    finally:
        with uninterrupted():
            for opened in (file, disk):
                if opened is not None:
                    opened.close()


class _ForgivingFile(io.FileIO):
    """A file that remembers a failed write instead of raising it: HDF5 cannot close a file whose writes fail."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self._failure: OSError | None = None

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        while left and self._failure is None:
            try:
                left = left[super().write(left) or 0 :]
            except OSError as error:
                self._failure = error
        return size

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self._failure = self._failure or error
            return size or 0

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure
