"""A file -> its bytes, decompressed if its first bytes are those of gz, xz, zst or bz2; errors are one sentence."""

import bz2
import gzip
import importlib
import io
import lzma
import shlex
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from elmo.errors import TextError, reason_of

PACKED = (".gz", ".xz", ".zst", ".bz2")
STANDARD_INPUT = Path("-")  # instead of a file
A_FOLDER = "a folder; name its files, for instance with a glob like 'texts/*.txt'"
DECODER_BYTES = 2**28  # memory that unpacking may take: four times what xz -9 needs
_BLOCK_BYTES = 2**16  # read at once; so much of a file's beginning can be looked at
_UNPACK = {"gz": "gzip -dc", "xz": "xz -dc", "zst": "zstd -dc --long=31", "bz2": "bzip2 -dc"}

Packing = Literal["gz", "xz", "zst", "bz2"]


def name_of(path: Path) -> str:
    """The name of a file in messages."""
    return "standard input" if path == STANDARD_INPUT else str(path)


def inner_suffix(path: Path) -> str:
    """The suffix of a name in lower case, ignoring that of the compression: `.jsonl` of `A.JSONL.GZ`."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() in PACKED else path.suffix.lower()


def packing_of(head: bytes) -> Packing | None:
    """The compression of a file that begins with these bytes; None: it is not compressed."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gz"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50):
        return "zst"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return "bz2"
    return None


def open_unpacked(path: Path) -> io.BufferedReader:
    """Open a file for reading, `-` for standard input. Errors are those of the system and of the formats: see `read_errors`."""
    suffix = path.suffix.lower()
    if suffix == ".zst":
        import_pyarrow("pyarrow", path)
    file = _open(path)
    head = file.peek(16)[:16]
    packing = packing_of(head)
    if packing is None:
        if suffix in PACKED:  # no bytes at all are no archive of nothing
            file.close()
            raise EOFError(
                f"named {suffix}, but not compressed; if it is plain text, rename it without {suffix}"
                if head
                else "0 bytes, not even a header"
            )
        return file
    return _Unpacked(_unpacking(packing, file, path), file)


class _Unpacked(io.BufferedReader):
    """A stream that also closes the file it reads."""

    def __init__(self, stream: BinaryIO, file: io.BufferedReader) -> None:
        super().__init__(cast(io.RawIOBase, stream), _BLOCK_BYTES)
        self._file = file

    def close(self) -> None:
        super().close()
        self._file.close()


class _Kept(io.BufferedReader):
    """Standard input, which stays open."""

    def close(self) -> None:
        with suppress(ValueError):  # detached already
            self.detach()


def _open(path: Path) -> io.BufferedReader:
    if path != STANDARD_INPUT:
        return cast(io.BufferedReader, path.open("rb", buffering=_BLOCK_BYTES))
    if sys.stdin is None or sys.stdin.closed:
        raise TextError("standard input is closed; give a file, or a pipe: cat FILE | elmo ... -")
    return _Kept(cast(io.RawIOBase, sys.stdin.buffer), _BLOCK_BYTES)


def _unpacking(packing: Packing, file: io.BufferedReader, path: Path) -> BinaryIO:
    match packing:
        case "gz":
            return cast(BinaryIO, gzip.GzipFile(fileobj=file, mode="rb"))
        case "bz2":
            return cast(BinaryIO, bz2.BZ2File(file, "rb"))
        case "xz":
            return cast(BinaryIO, _XzStream(file))
        case "zst":
            pyarrow = import_pyarrow("pyarrow", path)
            return cast(BinaryIO, pyarrow.CompressedInputStream(pyarrow.PythonFile(file, mode="r"), "zstd"))


class _XzStream(io.RawIOBase):
    """The streams of an xz file one after the other; the memory of the decoder is bounded, as `lzma.open` cannot."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._decoder = self._new()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = b""
        while not data:
            if self._decoder.eof:
                rest = self._decoder.unused_data.lstrip(b"\0")  # zeros may pad the end of a stream
                while not rest:
                    if not (block := self._file.read(_BLOCK_BYTES)):
                        return 0
                    rest = block.lstrip(b"\0")
                self._decoder = self._new()
            else:
                rest = self._file.read(_BLOCK_BYTES) if self._decoder.needs_input else b""
                if not rest and self._decoder.needs_input:
                    raise EOFError("the compressed data ends too early")
            data = self._decoder.decompress(rest, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, DECODER_BYTES)


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn every error of reading a file into one sentence.

    Raises:
        TextError: the file is missing, may not be read, is broken or cut short, or unpacking it takes too much memory.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise TextError(f"{path.absolute()}: no such file") from None
    except IsADirectoryError:
        raise TextError(f"{path.absolute()}: {A_FOLDER}") from None
    except PermissionError as error:
        raise TextError(
            f"{path.absolute()}: you do not have permission to read this file; add it with chmod u+r"
        ) from error
    except ValueError as error:
        raise TextError(f"{str(path)!r}: no file can have this name ({error}); give another") from error
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        for packing, sign in (("xz", "Memory usage limit"), ("zst", "too much memory")):
            if sign in str(error):
                raise TextError(_needs_memory(path, packing)) from error
        raise TextError(
            f"{name_of(path)}: cannot be read ({reason_of(error)}); the file is broken or cut short"
        ) from error


def unpack_command(path: Path) -> str | None:
    """The shell command that decompresses a file to standard output; None: its name has no such suffix."""
    packing = path.suffix.lower().removeprefix(".")
    return f"{_UNPACK[packing]} {shlex.quote(str(path))}" if packing in _UNPACK else None


def import_pyarrow(module: str, path: Path) -> Any:
    """pyarrow or a part of it, which only zst and parquet files need.

    Raises:
        TextError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise TextError(
            f"{name_of(path)}: reading {path.suffix or 'such'} files needs pyarrow; "
            "install it with pip install 'elmo-lm[bulk]'"
        ) from error


def _needs_memory(path: Path, packing: str) -> str:
    limit = DECODER_BYTES if packing == "xz" else 2**27  # that of zstd's own tool without --long
    return (
        f"{name_of(path)}: unpacking it takes more than {limit >> 20} MiB of memory, the limit for a text; compress it again: "
        f"{_UNPACK[packing]} {shlex.quote(str(path))} | {'xz' if packing == 'xz' else 'zstd'} > FILE.{packing}"
    )
