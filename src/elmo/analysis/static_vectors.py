"""Static vectors: one per word, independent of context (Mikolov et al. 2013); fastText adds subwords (2017)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

CONTEXT = 10  # words on each side


class Subwords(NamedTuple):
    """Vectors of the character n-grams of words, hashed into rows (Bojanowski et al. 2017, section 3.2)."""

    shortest: int  # n
    longest: int
    vectors: NDArray[Any]  # float (rows, D)

    def rows_of(self, word: str) -> list[int]:
        """The rows of the n-grams of a word, with boundary marks."""
        marked = f"<{word}>"
        grams = [
            marked[start : start + n]
            for start in range(len(marked))
            for n in range(self.shortest, self.longest + 1)
            if start + n <= len(marked) and not (n == 1 and (start == 0 or start + 1 == len(marked)))
        ]
        return [fnv_hash(gram) % len(self.vectors) for gram in grams]


def fnv_hash(text: str) -> int:
    """FNV-1a of 32 bits as fastText computes it: bytes above 127 are taken as negative."""
    found = 2166136261
    for byte in text.encode("utf-8", "surrogatepass"):
        found = (found ^ (byte | 0xFFFFFF00 if byte > 127 else byte)) * 16777619 & 0xFFFFFFFF
    return found


class StaticVectors:
    """Words with their vectors.

    Attributes:
        width: D. lowercase: no word has a capital, so words are lowercased before the lookup.
    """

    def __init__(self, words: Sequence[str], vectors: NDArray[Any], subwords: Subwords | None = None) -> None:
        self._number = {word: i for i, word in enumerate(words)}
        self._vectors, self._subwords = vectors, subwords
        self._composed: dict[str, Vectors | None] = {}  # vectors from subwords; None: unknown word
        self.width: int = vectors.shape[1]
        self.lowercase = not any(word != word.lower() for word in words)

    def of(self, words: Sequence[str]) -> tuple[Vectors, NDArray[np.bool_]]:
        """The vectors of words, zero for unknown words: float32 (T, D), and which are known: bool (T,)."""
        found = np.zeros((len(words), self.width), np.float32)
        known = np.zeros(len(words), bool)
        for i, word in enumerate(words):
            vector = self._vector(word.lower() if self.lowercase else word)
            if vector is not None:
                found[i], known[i] = vector, True
        return found, known

    def _vector(self, word: str) -> Vectors | None:
        number = self._number.get(word)
        if self._subwords is None:
            return None if number is None else self._vectors[number]
        if word not in self._composed:
            self._composed[word] = self._compose(word, number, self._subwords)
        return self._composed[word]

    def _compose(self, word: str, number: int | None, subwords: Subwords) -> Vectors | None:
        """The mean of the word's own row, if it has one, and the rows of its n-grams."""
        parts = [] if number is None else [self._vectors[number][None]]
        rows = subwords.rows_of(word)
        if rows:
            parts.append(subwords.vectors[rows])
        return np.concatenate(parts).astype(np.float32).mean(axis=0) if parts else None


def context_means(vectors: Vectors, known: NDArray[np.bool_], reach: int = CONTEXT) -> Vectors:
    """The mean of the known words around each word, at most `reach` on each side, without the word itself.

    Args:
        vectors: float32 (T, D), zero where not known. known: bool (T,).
    Returns:
        float32 (T, D); zero where no context word is known.
    """
    T = len(vectors)
    zero = np.zeros((1, vectors.shape[1]))
    sums = np.concatenate([zero, np.cumsum(vectors, axis=0, dtype=np.float64)])  # (T + 1, D)
    counts = np.concatenate([[0], np.cumsum(known)])  # (T + 1,)
    starts = np.maximum(np.arange(T) - reach, 0)
    ends = np.minimum(np.arange(T) + reach + 1, T)
    n = counts[ends] - counts[starts] - known
    around = sums[ends] - sums[starts] - vectors
    found: Vectors = np.where(n[:, None] > 0, around / np.maximum(n, 1)[:, None], 0).astype(np.float32)
    return found
