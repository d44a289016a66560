"""Files -> lines of text, in constant memory: txt, plain or packed (gz, xz, zst)."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from elmo.errors import TextError
from elmo.storage.compressed import open_unpacked, read_errors

_BOM = b"\xef\xbb\xbf"


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, without their ends; only LF and CR LF end a line. A byte order mark is dropped.

    Raises:
        TextError: the file is missing, broken, or not UTF-8; the message names the line.
    """
    with read_errors(path), open_unpacked(path) as file:
        yield from decode_lines(file, str(path))


def decode_lines(file: BinaryIO, name: str, first: int = 1) -> Iterator[str]:
    """`read_lines` of an open file that messages call `name`; its next line is line `first`."""
    for number, raw in enumerate(file, start=first):
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        try:
            yield (line.removeprefix(_BOM) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as error:
            raise TextError(
                f"{name}, line {number}: not UTF-8 (byte {error.object[error.start]:#04x} at place {error.start}); "
                f"convert it, for instance with iconv -f latin1 -t utf-8"
            ) from error
