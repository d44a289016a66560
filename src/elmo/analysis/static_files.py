"""Files of static vectors -> words with vectors: fastText's models (.bin), and what `read_word_vectors` reads."""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from elmo.analysis.static_vectors import StaticVectors, Subwords
from elmo.errors import TextError, reason_of
from elmo.storage.compressed import open_unpacked, read_errors
from elmo.text.words.word_vectors import MOST_NUMBERS, read_word_vectors, word_before

_FASTTEXT = struct.pack("<i", 793712314)  # the first bytes of its models
_ARGUMENTS = struct.Struct(
    "<12id"
)  # dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
_DICTIONARY = struct.Struct("<iiiqq")  # entries, words, labels, tokens, pruned
_AT_ONCE = 2**16  # rows


def read_static_vectors(path: Path) -> StaticVectors:
    """Vectors of a file, also compressed (gz, xz, zst).

    Raises:
        TextError: the file is missing, cut short or of another format.
    """
    with read_errors(path), open_unpacked(path) as file:
        if file.read(4) == _FASTTEXT:
            try:
                return _read_fasttext(file, path)
            except (ValueError, struct.error) as error:
                raise TextError(
                    f"{path}: not a fastText model ({reason_of(error)}); give a .bin file written by fastText"
                ) from error
    return StaticVectors(*read_word_vectors(path))


def _read_fasttext(file: BinaryIO, path: Path) -> StaticVectors:
    """As `FastText::loadModel` reads it (versions 11 and 12); models that are quantized or pruned are refused."""
    file.read(4)  # the version; the magic number was read before
    width, *_, buckets, shortest, longest, _, _ = _ARGUMENTS.unpack(file.read(_ARGUMENTS.size))
    n_entries, n_words, _, _, pruned = _DICTIONARY.unpack(file.read(_DICTIONARY.size))
    _require_sizes(n_entries, width)
    if pruned > 0:
        raise ValueError("pruned models are not supported")
    words = []
    for _ in range(n_entries):
        words.append(word_before(file, b"\0", path).decode("utf-8", "replace"))
        file.read(9)  # count and kind
    if file.read(1) != b"\0":
        raise ValueError("quantized models are not supported")
    rows, columns = struct.unpack("<qq", file.read(16))
    if columns != width or rows != n_words + buckets:
        raise ValueError(f"a matrix {rows} x {columns}, expected {n_words + buckets} x {width}")
    _require_sizes(rows, columns)
    vectors = np.empty((rows, width), np.float16)  # half the memory, with no effect on the probes
    for start in range(0, rows, _AT_ONCE):
        size = min(_AT_ONCE, rows - start)
        content = file.read(size * width * 4)
        if len(content) != size * width * 4:
            raise ValueError("the file ends within a vector")
        vectors[start : start + size] = np.frombuffer(content, "<f4").reshape(size, width)
    subwords = Subwords(shortest, longest, vectors[n_words:]) if longest > 0 and buckets > 0 else None
    return StaticVectors(words[:n_words], vectors[:n_words], subwords)


def _require_sizes(n: int, width: int) -> None:
    if not (0 < n and 0 < width and n * width <= MOST_NUMBERS):
        raise ValueError(f"{n} vectors of {width} numbers")
