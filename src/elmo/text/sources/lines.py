"""Files -> lines of text in UTF-8, in constant memory: plain or compressed (gz, xz, zst, bz2), also UTF-16."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from elmo.errors import TextError
from elmo.storage.compressed import name_of, open_unpacked, read_errors
from elmo.text.sources.encodings import as_utf8, conversion_advice, wide_encoding
from elmo.text.sources.file_kinds import is_parquet, refuse_controls, refuse_foreign

LONGEST_LINE_BYTES = (
    2**24
)  # of a line, a record or a cell: more is no line of text, and takes a hundred times its memory
HEAD_BYTES = 2**16  # of a file, by which its format is recognised
_BOM = b"\xef\xbb\xbf"


@contextmanager
def open_text(path: Path) -> Iterator[io.BufferedReader]:
    """A text file, `-` for standard input, as bytes in UTF-8 (a byte order mark may come before them).

    Raises:
        TextError: the file is missing, broken, or no text; what it is is named.
    """
    with read_errors(path), open_unpacked(path) as file:
        yield text_of(file, path)


def text_of(file: io.BufferedReader, path: Path) -> io.BufferedReader:
    """An open file as one in UTF-8.

    Raises:
        TextError: it is no text.
    """
    head = file.peek(HEAD_BYTES)
    refuse_foreign(head, name_of(path))
    if is_parquet(head):
        raise TextError(
            f"{name_of(path)}: a parquet file, but lines of text are expected; write its column to a .jsonl or .txt file"
        )
    codec = wide_encoding(head)
    if codec is not None:
        return as_utf8(file, codec, name_of(path))
    refuse_controls(head, name_of(path))
    return file


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, without their ends; only LF and CR LF end a line. A byte order mark is dropped.

    Raises:
        TextError: the file is missing, broken, no text, not UTF-8, or has a line of over 16 MiB; the message names the line.
    """
    with open_text(path) as file:
        yield from decode_lines(file, name_of(path))


def decode_lines(file: BinaryIO, name: str, first: int = 1) -> Iterator[str]:
    """`read_lines` of an open file, called `name` in messages; its next line is line `first`."""
    for number, raw in enumerate(iter(partial(file.readline, LONGEST_LINE_BYTES + 1), b""), start=first):
        if len(raw) > LONGEST_LINE_BYTES:
            raise TextError(
                f"{name}, line {number}: longer than {LONGEST_LINE_BYTES >> 20} MiB, the limit for a line; "
                "break it into lines, for instance with fold -s -w 1000"
            )
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        try:
            yield (line.removeprefix(_BOM) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as error:
            advice = conversion_advice(line + b"\n" + file.read(HEAD_BYTES), name)
            where = f"byte {error.object[error.start]:#04x} at position {error.start}"
            raise TextError(f"{name}, line {number}: not UTF-8 ({where}), {advice}") from error
