"""Files of static vectors -> words with vectors: word2vec's text and binary formats, fastText's models (.bin)."""

import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from elmo.analysis.static_vectors import StaticVectors, Subwords
from elmo.errors import TextError
from elmo.text.opening import open_unpacked, read_errors

_FASTTEXT = struct.pack("<i", 793712314)  # how its models begin
_ARGUMENTS = struct.Struct(
    "<12id"
)  # dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
_DICTIONARY = struct.Struct("<iiiqq")  # entries, words, labels, tokens, pruned
_MOST = 2**31  # numbers in all: 8 GB, more than any file is worth here
_AT_ONCE = 2**16  # rows


def read_static_vectors(path: Path) -> StaticVectors:
    """Vectors of a file, also packed (gz, xz, zst).

    Raises:
        TextError: the file is missing, cut short or of another format.
    """
    with read_errors(path), open_unpacked(path) as file:
        try:
            peeking: Any = file
            if peeking.peek(4)[:4] == _FASTTEXT:
                return _read_fasttext(file)
            return _read_word2vec(file)
        except (ValueError, struct.error, UnicodeDecodeError) as error:
            raise TextError(
                f"{path}: no static vectors ({error}); give a file of word2vec, text or binary, or a fastText model (.bin)"
            ) from error


def _read_word2vec(file: BinaryIO) -> StaticVectors:
    n_words, width = (int(number) for number in file.readline(64).split())  # a ValueError if there are not two
    _require_sizes(n_words, width)
    words: list[str] = []
    vectors = np.empty((n_words, width), np.float32)
    text = False
    for i in range(n_words):
        words.append(_word_before(file, b" ").lstrip(b"\n").decode("utf-8", "replace"))
        text = _is_text(file, width) if i == 0 else text
        vectors[i] = _numbers(file.readline(), width) if text else _floats(file.read(4 * width), width)
    return StaticVectors(words, vectors)


def _is_text(file: Any, width: int) -> bool:
    """Whether digits come next, not the bytes of numbers."""
    line = file.peek(64)[:64].split(b"\n")[0]
    digits = bool(line.strip()) and all(byte in b"0123456789+-.eE \r" for byte in line)
    return digits and (len(line) == 64 or len(line.split()) == width)


def _numbers(line: bytes, width: int) -> NDArray[np.float32]:
    found = np.array(line.split(), dtype=np.float32)
    if len(found) != width:
        raise ValueError(f"a line with {len(found)} numbers, the first line says {width}")
    return found


def _floats(content: bytes, width: int) -> NDArray[np.float32]:
    if len(content) != 4 * width:
        raise ValueError("it ends within a vector")
    return np.frombuffer(content, "<f4").astype(np.float32)


def _word_before(file: BinaryIO, mark: bytes) -> bytes:
    found = bytearray()
    while (byte := file.read(1)) != mark:
        if not byte or len(found) > 2**16:
            raise ValueError("it ends within a word" if not byte else "a word without an end")
        found += byte
    return bytes(found)


def _read_fasttext(file: BinaryIO) -> StaticVectors:
    """As `FastText::loadModel` reads it (versions 11 and 12); models that are quantized or pruned are refused."""
    file.read(8)  # its mark and version
    width, *_, buckets, shortest, longest, _, _ = _ARGUMENTS.unpack(file.read(_ARGUMENTS.size))
    n_entries, n_words, _, _, pruned = _DICTIONARY.unpack(file.read(_DICTIONARY.size))
    _require_sizes(n_entries, width)
    if pruned > 0:
        raise ValueError("a pruned model")
    words = []
    for _ in range(n_entries):
        words.append(_word_before(file, b"\0").decode("utf-8", "replace"))
        file.read(9)  # its count and kind
    if file.read(1) != b"\0":
        raise ValueError("a quantized model")
    rows, columns = struct.unpack("<qq", file.read(16))
    if columns != width or rows != n_words + buckets:
        raise ValueError(f"a matrix {rows} x {columns}, expected {n_words + buckets} x {width}")
    _require_sizes(rows, columns)
    vectors = np.empty((rows, width), np.float16)  # half the memory; the probes see no difference
    for start in range(0, rows, _AT_ONCE):
        size = min(_AT_ONCE, rows - start)
        content = file.read(size * width * 4)
        if len(content) != size * width * 4:
            raise ValueError("it ends within a vector")
        vectors[start : start + size] = np.frombuffer(content, "<f4").reshape(size, width)
    subwords = Subwords(shortest, longest, vectors[n_words:]) if longest > 0 and buckets > 0 else None
    return StaticVectors(words[:n_words], vectors[:n_words], subwords)


def _require_sizes(n: int, width: int) -> None:
    if not (0 < n and 0 < width and n * width <= _MOST):
        raise ValueError(f"{n} vectors of {width} numbers")
