"""Arrays on disk, written in a stream and opened whole: raw little-endian files with an index of their types and sizes.

A folder holds `NAME.bin` for each array and `index.json` with its type, shape and checksum (BLAKE2b, against accidents). The
index is written last; a file that is missing, cut short or altered does not open.
"""

import hashlib
import math
import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, NonNegativeInt

from elmo.errors import TextError, reason_of
from elmo.storage.checksums import checksum_of
from elmo.storage.json_files import read_json

Numbers = NDArray[Any]
INDEX_FILE = "index.json"


class ArrayFacts(BaseModel, frozen=True, extra="forbid"):
    """The expected type, shape and checksum of a file."""

    dtype: Literal["float32", "int16", "int32", "int64", "uint8"]
    shape: tuple[NonNegativeInt, ...]
    checksum: str


class ArrayIndex(BaseModel, frozen=True, extra="forbid"):
    """The contents of `index.json`."""

    format: Literal["elmo-arrays-1"] = "elmo-arrays-1"
    arrays: dict[str, ArrayFacts]


class DiskArray:
    """An array on disk, read in pieces by `os.pread`.

    Mapped pages would count as memory of the process, and the system maps far more than is read (on one Linux, more than a
    megabyte around each number): a corpus read here and there would soon lie in memory whole. Pieces that are read do not.
    """

    def __init__(self, path: Path, dtype: str, shape: tuple[int, ...]) -> None:
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.shape = shape
        self._path = path
        self._row_bytes = self.dtype.itemsize * math.prod(self.shape[1:])
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, start: int, stop: int) -> Numbers:
        """Rows start .. stop - 1: (stop - start, ...)."""
        return np.frombuffer(self.read_bytes(start, stop), self.dtype).reshape(-1, *self.shape[1:])

    def read_bytes(self, start: int, stop: int) -> bytes:
        """The bytes of rows start .. stop - 1."""
        return os.pread(self._file, (stop - start) * self._row_bytes, start * self._row_bytes)

    def read_runs(self, starts: Sequence[int], length: int) -> Numbers:
        """`length` rows from each start: (starts, length, ...)."""
        pread, file, size = os.pread, self._file, self._row_bytes  # looked up once: this is the inner loop of a window
        read = b"".join([pread(file, length * size, start * size) for start in starts])
        return np.frombuffer(read, self.dtype).reshape(len(starts), length, *self.shape[1:])

    def mapped(self) -> Numbers:
        """The whole array, memory-mapped: for arrays that are small compared with a corpus."""
        if 0 in self.shape:  # nothing cannot be mapped
            return np.zeros(self.shape, self.dtype)
        return np.memmap(self._path, self.dtype, "r", shape=self.shape)


class ArraysWriter:
    """Appends to the arrays of a folder; memory does not grow with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tuple[BinaryIO, Any, ArrayFacts]] = {}
        self._facts: dict[str, ArrayFacts] = {}

    def append(self, name: str, values: Numbers) -> None:
        """Append rows; the first call for a name, even without rows, fixes the type and shape of a row."""
        if name not in self._open:
            facts = ArrayFacts.model_validate(
                {"dtype": values.dtype.name, "shape": (0, *values.shape[1:]), "checksum": ""}
            )
            self._open[name] = ((self._folder / f"{name}.bin").open("wb"), hashlib.blake2b(digest_size=16), facts)
        file, checksum, facts = self._open[name]
        raw = np.ascontiguousarray(values, np.dtype(facts.dtype).newbyteorder("<")).tobytes()
        file.write(raw)
        checksum.update(raw)
        shape = (facts.shape[0] + len(values), *facts.shape[1:])
        self._open[name] = (file, checksum, facts.model_copy(update={"shape": shape}))

    def finish(self, name: str) -> DiskArray:
        """Close an array and open it for reading."""
        file, checksum, facts = self._open.pop(name)
        file.close()
        self._facts[name] = facts.model_copy(update={"checksum": checksum.hexdigest()})
        return DiskArray(self._folder / f"{name}.bin", facts.dtype, facts.shape)

    def close(self) -> None:
        """Close all open files, at the end or after an error."""
        for file, _, _ in self._open.values():
            file.close()

    def write_index(self) -> None:
        """Finish all arrays and write the index."""
        for name in list(self._open):
            self.finish(name)
        index = ArrayIndex(arrays=self._facts)
        (self._folder / INDEX_FILE).write_text(index.model_dump_json(indent=1) + "\n", encoding="ascii")


@contextmanager
def writing_arrays(folder: Path) -> Iterator[ArraysWriter]:
    """Make a folder of arrays; if the block fails, it has no index and does not open."""
    folder.mkdir()
    writer = ArraysWriter(folder)
    try:
        yield writer
        writer.write_index()
    finally:
        writer.close()


def open_arrays(folder: Path, names: Sequence[str]) -> list[DiskArray]:
    """Open the arrays of a folder, after checking every byte of them.

    Raises:
        TextError: a file is missing, cut short or altered.
    """
    try:
        index = ArrayIndex.model_validate(read_json(folder / INDEX_FILE))
        return [_open_checked(folder / f"{name}.bin", index.arrays[name]) for name in names]
    except (OSError, ValueError, KeyError) as error:
        reason = f"no array {error}" if isinstance(error, KeyError) else reason_of(error)
        raise TextError(
            f"{folder}: the encoded text cannot be read ({reason}); restore a copy of this folder, or start a new run"
        ) from error


def _open_checked(path: Path, facts: ArrayFacts) -> DiskArray:
    expected = np.dtype(facts.dtype).itemsize * math.prod(facts.shape)
    size_bytes = path.stat().st_size
    if size_bytes != expected:
        raise ValueError(f"{path.name} has {size_bytes:,} bytes, its index says {expected:,}")
    checksum = checksum_of(path)
    if checksum != facts.checksum:
        raise ValueError(f"{path.name} was changed: its checksum is {checksum}, its index says {facts.checksum}")
    return DiskArray(path, facts.dtype, facts.shape)
