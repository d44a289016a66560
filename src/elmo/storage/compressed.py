"""A file -> its bytes, unpacked as the end of its name says: gz, xz, zst; what goes wrong is one sentence."""

import gzip
import importlib
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from elmo.errors import TextError

PACKED = (".gz", ".xz", ".zst")
A_FOLDER = "a folder; name its files, for instance with a glob like 'texts/*.txt'"


def open_unpacked(path: Path) -> BinaryIO:
    """Open a file for reading. Errors are those of the system and of the formats: read within `read_errors`."""
    if path.suffix == ".gz":
        _refuse_nothing(path)  # gzip takes no bytes for an archive of nothing
        return cast(BinaryIO, gzip.open(path, "rb"))
    if path.suffix == ".xz":
        return cast(BinaryIO, lzma.open(path, "rb"))
    if path.suffix == ".zst":
        pyarrow = import_pyarrow("pyarrow", path)
        _refuse_nothing(path)
        return cast(BinaryIO, io.BufferedReader(pyarrow.input_stream(str(path), compression="zstd")))
    return path.open("rb")


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn what can go wrong while a file is read into one sentence.

    Raises:
        TextError: the file is missing, may not be read, is broken or cut short.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise TextError(f"{path.absolute()}: no such file") from None
    except IsADirectoryError:
        raise TextError(f"{path.absolute()}: {A_FOLDER}") from None
    except PermissionError as error:
        raise TextError(
            f"{path.absolute()}: you may not read this file; give yourself the right (chmod u+r)"
        ) from error
    except ValueError as error:
        raise TextError(f"{str(path)!r}: no file can have this name ({error}); give another") from error
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise TextError(f"{path}: cannot be read ({_line(error)}); the file is broken or cut short") from error


def import_pyarrow(module: str, path: Path) -> Any:
    """pyarrow or a part of it, which only packed and columnar files need.

    Raises:
        TextError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise TextError(
            f"{path}: reading {path.suffix} files needs pyarrow; install it with pip install 'elmo-lm[bulk]'"
        ) from error


def _refuse_nothing(path: Path) -> None:
    if path.is_file() and path.stat().st_size == 0:
        raise EOFError("0 bytes, not even a header")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
