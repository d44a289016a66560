"""TensorFlow's V2 checkpoint files (a "tensor bundle"), read without TensorFlow.

`PREFIX.index` is a sorted table of LevelDB's format: from the name of a variable to a small protocol buffer that says its
type, shape, offset and checksum; the numbers lie in `PREFIX.data-00000-of-00001`. Sources: tensorflow/core/protobuf/
tensor_bundle.proto, tensorflow/core/lib/io/table_format.txt. Everything read is checked: by checksums, and against the
sizes of the files before memory is taken.
"""

import mmap
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.checkpoints.crc32c import crc32c, mask_crc
from elmo.errors import CheckpointError, reason_of

INDEX_SUFFIX = ".index"
_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_TRAILER_BYTES = 5  # after each block: how it is packed, and its checksum
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}  # of types.proto
_LARGEST_INDEX = 2**28
_LONGEST_NAME = 1000  # bytes


class _DamageError(Exception):
    """The bytes do not fit the format; the text says why."""


@dataclass(frozen=True)
class Variable:
    """The location of a variable."""

    dtype: int  # of TensorFlow's types.proto
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int  # bytes
    checksum: int  # masked CRC-32C


class TensorBundle:
    """The variables of a checkpoint, read one at a time.

    Attributes:
        variables: name -> where it lies, in the order of names.
    """

    def __init__(self, prefix: Path) -> None:
        """Read the index.

        Args:
            prefix: path without `.index`.
        Raises:
            CheckpointError: the index is missing, cut short or damaged.
        """
        self._prefix = prefix
        self._path = prefix.with_name(prefix.name + INDEX_SUFFIX)
        try:
            size = self._path.stat().st_size
            if size > _LARGEST_INDEX:
                raise _DamageError(f"{size:,} bytes, an index has some thousand bytes")
            entries = dict(_table_entries(self._path.read_bytes()))
            header = _message(entries.pop(b"", b""))
            if _last(header, 2):
                raise _DamageError("written on a big-endian machine")
            self._n_shards = _last(header, 1) or 1
            self.variables: Mapping[str, Variable] = {
                name.decode("utf-8"): _variable(value) for name, value in entries.items()
            }
        except FileNotFoundError:
            raise CheckpointError(
                f"{self._path.absolute()}: no such file; a checkpoint has one beside its data"
            ) from None
        except (OSError, _DamageError, UnicodeDecodeError) as error:
            raise CheckpointError(
                f"{self._path}: not a whole TensorFlow checkpoint index ({reason_of(error)}); copy it again from where it came"
            ) from error

    def read(self, name: str) -> NDArray[np.float32]:
        """The numbers of a variable, as float32.

        Raises:
            CheckpointError: there is no such variable, or its numbers are cut short, damaged or of another type.
        """
        variable = self.variables[name]
        path = self._prefix.with_name(f"{self._prefix.name}.data-{variable.shard:05d}-of-{self._n_shards:05d}")
        if variable.dtype not in _DTYPES:
            raise CheckpointError(f"{self._path}: {name!r} has TensorFlow's type {variable.dtype}, expected numbers")
        dtype = np.dtype(_DTYPES[variable.dtype])
        if prod(variable.shape) * dtype.itemsize != variable.size or variable.size == 0:
            raise CheckpointError(
                f"{self._path}: {name!r} is {variable.shape} in {variable.size:,} bytes; it is damaged"
            )
        try:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                if not 0 <= variable.offset <= variable.offset + variable.size <= len(mapped):
                    raise CheckpointError(
                        f"{path}: {len(mapped):,} bytes, {name!r} ends at {variable.offset + variable.size:,}; "
                        "the file is cut short, copy it again from where it came"
                    )
                stored = np.frombuffer(mapped, np.uint8, variable.size, variable.offset)
                try:
                    if mask_crc(crc32c(stored)) != variable.checksum:
                        raise CheckpointError(
                            f"{path}: the checksum of {name!r} is wrong; the file is damaged, copy it again"
                        )
                    return stored.view(dtype).reshape(variable.shape).astype(np.float32)
                finally:
                    del stored  # or the map could not be closed
        except FileNotFoundError:
            raise CheckpointError(f"{path.absolute()}: no such file; it has the numbers of the checkpoint") from None
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{path}: cannot be read ({error})") from error


def _table_entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a table of LevelDB's format, in order."""
    if len(data) < _FOOTER_BYTES or struct.unpack_from("<Q", data, len(data) - 8)[0] != _MAGIC:
        raise _DamageError("its end is not that of an index")
    footer = data[-_FOOTER_BYTES:]
    _, at = _handle(footer, 0)  # of blocks that nothing here needs
    index_handle, _ = _handle(footer, at)
    previous: bytes | None = None
    end = 0
    for _, value in _block_entries(_block(data, index_handle)):
        handle, _ = _handle(value, 0)
        if handle[0] < end:  # or many entries could name one block
            raise _DamageError("blocks out of order")
        end = sum(handle)
        for key, content in _block_entries(_block(data, handle)):
            if previous is not None and key <= previous:
                raise _DamageError("names out of order")
            previous = key
            yield key, content


def _block(data: bytes, handle: tuple[int, int]) -> bytes:
    offset, size = handle
    end = offset + size
    if end + _TRAILER_BYTES > len(data) - _FOOTER_BYTES:
        raise _DamageError("a block lies outside of it")
    kind, checksum = struct.unpack_from("<BI", data, end)
    if mask_crc(crc32c(data[offset : end + 1])) != checksum:
        raise _DamageError("the checksum of a block is wrong")
    if kind != 0:
        raise _DamageError("its blocks are compressed, which no checkpoint of bilm-tf is")
    return data[offset:end]


def _block_entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Entries share the beginning of their keys with the entry before."""
    if len(block) < 4:
        raise _DamageError("an empty block")
    end = len(block) - 4 * (
        1 + struct.unpack_from("<I", block, len(block) - 4)[0]
    )  # the rest are offsets of restart points
    if end < 0:
        raise _DamageError("a block without entries")
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        unshared, at = _varint(block, at)
        size, at = _varint(block, at)
        if shared + unshared > _LONGEST_NAME:
            raise _DamageError(f"a name of more than {_LONGEST_NAME:,} bytes")
        if shared > len(key) or at + unshared + size > end:
            raise _DamageError("an entry lies outside of its block")
        key = key[:shared] + block[at : at + unshared]
        at += unshared
        yield key, block[at : at + size]
        at += size


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first: it and the offset after it."""
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            raise _DamageError("it ends within a number")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise _DamageError("a number of more than 64 bits")


def _message(data: bytes) -> dict[int, list[int | bytes]]:
    """The fields of a protocol buffer: number -> its values, in order."""
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value: int | bytes
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
            case 1 | 5 as kind:
                size = 8 if kind == 1 else 4
                if at + size > len(data):
                    raise _DamageError("a field lies outside of its message")
                value, at = int.from_bytes(data[at : at + size], "little"), at + size
            case 2:
                size, at = _varint(data, at)
                if at + size > len(data):
                    raise _DamageError("a field lies outside of its message")
                value, at = data[at : at + size], at + size
            case other:
                raise _DamageError(f"a field of kind {other}")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _last(fields: Mapping[int, list[int | bytes]], number: int) -> int:
    """A number among the fields; 0 if it is not there."""
    value = fields.get(number, [0])[-1]
    if not isinstance(value, int):
        raise _DamageError(f"field {number} is not a number")
    return value


def _variable(data: bytes) -> Variable:
    """A BundleEntryProto."""
    fields = _message(data)
    if 7 in fields:
        raise _DamageError("a variable in slices, which no checkpoint of bilm-tf has")
    shape = fields.get(2, [b""])[-1]
    if not isinstance(shape, bytes):
        raise _DamageError("an invalid shape")
    dims = []
    for dim in _message(shape).get(2, []):
        if not isinstance(dim, bytes):
            raise _DamageError("an invalid shape")
        dims.append(_last(_message(dim), 1))
    return Variable(
        _last(fields, 1), tuple(dims), _last(fields, 3), _last(fields, 4), _last(fields, 5), _last(fields, 6)
    )
