"""The token layer of words that were met lately, so that a frequent word is spelled once: exact, and bounded in bytes."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

CACHE_BYTES = 2**26
_WORD_BYTES = 200  # of an entry beside its vector: a string, its number, their places in a dictionary


class TokenCache:
    """Words -> rows of a table of vectors.

    When it is full, all words are forgotten but those at hand: frequent ones are nearly always among them.
    """

    def __init__(self, width: int, like: Tensor, size_bytes: int = CACHE_BYTES) -> None:
        """Make an empty one.

        Args:
            width: P, numbers of a vector. like: a tensor of the dtype and device of the vectors.
            size_bytes: of all entries; the words of one call of `rows` are held in any case.
        """
        self._capacity = size_bytes // (width * like.element_size() + _WORD_BYTES)  # words
        self._row_of: dict[str, int] = {}
        self._table = like.new_empty(0, width)  # rows beyond those in use are room to grow

    def __len__(self) -> int:
        return len(self._row_of)

    def rows(self, words: Iterable[str], spell: Callable[[list[str]], Tensor]) -> tuple[Tensor, dict[str, int]]:
        """The table and the row of each of some words.

        Args:
            words: may come more than once.
            spell: vectors of words that are not here, float (words, P).
        Returns:
            float (rows, P) and word -> row; both are valid until the next call.
        """
        at_hand = dict.fromkeys(words)
        missing = [word for word in at_hand if word not in self._row_of]
        if missing:
            if len(self._row_of) + len(missing) > self._capacity:
                self._keep([word for word in at_hand if word in self._row_of])
            self._add(missing, spell(missing))
        return self._table, self._row_of

    def _keep(self, words: list[str]) -> None:
        rows = [self._row_of[word] for word in words]
        self._table = self._table[rows]
        self._row_of = {word: row for row, word in enumerate(words)}

    def _add(self, words: list[str], vectors: Tensor) -> None:
        n_before, n_after = len(self._row_of), len(self._row_of) + len(words)
        if n_after > len(self._table):
            room = max(n_after, min(self._capacity, 2 * n_after))
            table = self._table.new_empty(room, self._table.shape[1])
            table[:n_before] = self._table[:n_before]
            self._table = table
        self._table[n_before:n_after] = vectors
        self._row_of.update(zip(words, range(n_before, n_after), strict=True))


def versions_of(parameters: Iterable[torch.nn.Parameter]) -> tuple[tuple[int, int], ...]:
    """Where parameters lie and how often they were written to: what is computed from them is stale when this changes."""
    return tuple((parameter.data_ptr(), parameter._version) for parameter in parameters)
