"""Files of word vectors -> words and their vectors: word2vec's formats, text and binary (Mikolov et al. 2013), and GloVe's."""

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.errors import TextError
from elmo.storage.compressed import open_unpacked, read_errors
from elmo.text.sources.encodings import as_utf8, wide_encoding
from elmo.text.sources.lines import decode_lines

MOST_NUMBERS = 2**31  # that are kept of a file: 8 GB, more than any is worth here
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?(-?\d{1,18}) (-?\d{1,18})\s*\n")  # how many words, how many numbers each
_DECIMAL = re.compile(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf)", re.IGNORECASE)
_BLANKS_BYTES = re.compile(rb"[ \t]+")
_LOOKED_AT = 4096  # bytes after the first line, to distinguish text from numbers
_LONGEST = 2**16  # bytes of a word
_WIDEST = 2**20  # numbers
_MOST_SAID = 2**40  # numbers in all that a first line may promise
_ADVICE = (
    "give vectors of word2vec, as text or binary, or of GloVe: in text, a word and its numbers a line, blanks between"
)
_Row = tuple[str, str, list[str] | bytes]  # its location in the file, the word, its numbers as written there


class WordVectors(NamedTuple):
    """Words with their vectors."""

    words: list[str]
    table: NDArray[np.float32]  # (words, D)


def read_word_vectors(path: Path, wanted: Callable[[int, str], bool] = lambda n, word: True) -> WordVectors:
    """Read the vectors of a file, also packed (gz, xz, zst). If a word occurs twice, the first vector counts.

    Args:
        path: word2vec's formats, whose first line says how many words and numbers there are, or GloVe's, without that line.
        wanted: of how many words came before, and the word: whether it is kept.
    Raises:
        TextError: the file is missing, cut short, too large to keep, or not such a file; the message names the line.
    """
    words: dict[str, None] = {}
    numbers = bytearray()
    width, n_read, n_empty = 0, 0, 0
    longer: list[str] = []  # words that may be numbers too many
    with read_errors(path), open_unpacked(path) as file:
        wide = wide_encoding(
            file.peek(_LOOKED_AT)[:2]
        )  # a mark alone: two numbers of a binary file may look like anything
        declared, rows = _open_rows(file if wide is None else as_utf8(file, wide, str(path)), path)
        for n_read, (where, word, row) in enumerate(rows, 1):
            if not word.strip():
                n_empty += 1
                continue
            if word in words or not wanted(n_read - 1, word):
                continue
            vector = _vector(row, f"{path}, {where}")
            words[word] = None
            if declared is None and " " in word and _DECIMAL.fullmatch(word.rpartition(" ")[2].encode()):
                longer.append(f"{word[:40]!r} in {where}")
            width = len(vector)
            numbers += vector.tobytes()
            if len(words) * width > MOST_NUMBERS:
                raise TextError(f"{path}: more than {MOST_NUMBERS:,} numbers, the limit; leave out its rare words")
    if n_empty:
        warnings.warn(f"{path}: {n_empty:,} vectors of an empty word are left out", stacklevel=2)
    if longer:
        warnings.warn(
            f"{path}: {len(longer):,} words end in a number (the first is {longer[0]}); if it belongs to the vector, these lines "
            f"have more numbers than the first, which has {width}",
            stacklevel=2,
        )
    if not words:
        raise TextError(f"{path}: contains no vector; {_ADVICE}")
    if declared is not None and n_read < declared:
        raise TextError(f"{path}: the first line declares {declared} vectors, the file has {n_read}; it is cut short")
    return WordVectors(list(words), np.frombuffer(numbers, np.float32).reshape(-1, width))


def _open_rows(file: Any, path: Path) -> tuple[int | None, Iterator[_Row]]:
    """The number of words in the first line, if it has one, and the words with their numbers."""
    header = _HEADER.match(file.peek(_LOOKED_AT)[:_LOOKED_AT])
    if header is None:
        return None, _text_rows(file, path, 1, 0)
    file.read(header.end())
    n, width = (int(number) for number in header.groups())
    if n < 0 or not 0 < width <= _WIDEST or n * width > _MOST_SAID:
        raise TextError(f"{path}, line 1: {n} vectors of {width} numbers; {_ADVICE}")
    if _is_text(file.peek(_LOOKED_AT)[:_LOOKED_AT], width):
        return n, _text_rows(file, path, 2, width)
    return n, _binary_rows(file, path, n, width)


def _is_text(start: bytes, width: int) -> bool:
    """Whether a row looks like text: a word, then decimal numbers separated by blanks, as far as can be seen.

    Args:
        start: bytes after the first line. width: numbers of a row.
    """
    if any(byte < 0x20 and byte not in b"\t\r\n" for byte in start):
        return False
    line, end, _ = start.lstrip(b" ").partition(b"\n")
    parts = _BLANKS_BYTES.split(line.rstrip(b" \t\r"))
    whole = parts[1:] if end else parts[1:-1]  # the last one may be cut in two
    n_numbers = next((n for n, part in enumerate(reversed(whole)) if not _DECIMAL.fullmatch(part)), len(whole))
    if n_numbers:
        return n_numbers == len(whole) or n_numbers >= width or not end
    return start.isascii() or (not end and _is_cut_utf8(start))  # the word continues after these bytes


def _is_cut_utf8(start: bytes) -> bool:
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"  # a letter cut in two
    return True


def _text_rows(file: BinaryIO, path: Path, first: int, width: int) -> Iterator[_Row]:
    """The rows of text; blank lines are skipped, and a row without a word has an empty one."""
    for number, line in enumerate(decode_lines(file, str(path), first), first):
        if not line.strip():
            continue
        parts = line.rstrip(" \t").replace("\t", " ").split(" ")
        width = width or len(parts) - 1
        if len(parts) <= width or not width:
            raise TextError(
                f"{path}, line {number}: {len(parts) - 1} numbers after a word, expected {width or 'some'}; {_ADVICE}"
            )
        yield f"line {number}", " ".join(parts[:-width]), parts[-width:]


def _binary_rows(file: BinaryIO, path: Path, n: int, width: int) -> Iterator[_Row]:
    """The rows of a binary file; where the first ends in a line end, as word2vec writes, a row without has blanks in its word."""
    ended = False
    for i in range(1, n + 1):
        word = word_before(file, b" ", path).lstrip(b"\n")
        row = _exactly(file, 4 * width, path, i, n)
        follows = file.peek(1)[:1]  # type: ignore[attr-defined]
        if i == 1:
            ended = follows == b"\n"
        while ended and follows not in (b"\n", b"") and b" " in row:
            more, _, row = row.partition(b" ")
            word += b" " + more
            row += _exactly(file, len(more) + 1, path, i, n)
            follows = file.peek(1)[:1]  # type: ignore[attr-defined]
        yield f"vector {i}", word.decode("utf-8", "replace"), row


def _exactly(file: BinaryIO, size: int, path: Path, i: int, n: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise TextError(f"{path}: the file ends within vector {i} of {n}; it is cut short")
    return content


def _vector(row: list[str] | bytes, where: str) -> NDArray[np.float32]:
    if isinstance(row, bytes):
        vector = np.frombuffer(row, "<f4").astype(np.float32)
    else:
        try:
            vector = np.array(row, dtype=np.float32)
        except ValueError:
            raise TextError(f"{where}: {' '.join(row)[:60]!r} are not numbers; {_ADVICE}") from None
    if not np.isfinite(vector).all():
        raise TextError(f"{where}: a number is not finite; remove the word")
    return vector


def word_before(file: BinaryIO, mark: bytes, path: Path) -> bytes:
    """The bytes of a word up to a mark, which is also read.

    Raises:
        TextError: the file ends before it, or the word has no end.
    """
    found = bytearray()
    while (byte := file.read(1)) != mark:
        if not byte or len(found) > _LONGEST:
            what = "it ends within a word" if not byte else "a word without an end"
            raise TextError(f"{path}: {what}; the file is cut short or of another format")
        found += byte
    return bytes(found)
