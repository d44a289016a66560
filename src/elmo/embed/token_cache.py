"""A cache of token-layer vectors of recent words, so that frequent words are computed once: exact, and bounded in bytes."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.model.kernels.thread_lock import ThreadLock

CACHE_BYTES = 2**26
_WORD_BYTES = 200  # of an entry beside its vector: a string, its number, their slots in a dictionary


class TokenCache:
    """Words -> their vectors, for any number of threads.

    The table is append-only: a row that has a word is never written again, and a table that is outgrown is replaced. So rows
    found under the lock may be gathered after it. When the cache is full, all words are forgotten but those at hand: frequent
    ones are nearly always among them.
    """

    def __init__(self, width: int, like: Tensor, size_bytes: int = CACHE_BYTES) -> None:
        """Make an empty cache.

        Args:
            width: P, numbers of a vector. like: a tensor of the dtype and device of the vectors.
            size_bytes: of all entries; the words of one call of `gather` are held in any case.
        """
        self._capacity = size_bytes // (width * like.element_size() + _WORD_BYTES)  # words
        self._lock = ThreadLock()
        self._row_of: dict[str, int] = {}
        self._table = like.new_empty(0, width)  # rows beyond those in use are room to grow

    def __len__(self) -> int:
        return len(self._row_of)

    def gather(
        self, words: Sequence[str], positions: NDArray[np.int64], spell: Callable[[list[str]], Tensor]
    ) -> Tensor:
        """The vectors of some words.

        Args:
            words: N, may come more than once. positions: int64 (N,), the row of the result for each.
            spell: vectors of words that are not here, float (words, P); called by one thread at a time.
        Returns:
            float (N, P), a copy.
        """
        at = np.empty(len(words), dtype=np.int64)
        with self._lock:
            table, row_of = self._holding(words, spell)
            at[positions] = [row_of[word] for word in words]
        return table.index_select(0, torch.from_numpy(at).to(table.device))

    def forget(self) -> None:
        """Empty the cache."""
        with self._lock:
            self._keep([])

    def _holding(self, words: Iterable[str], spell: Callable[[list[str]], Tensor]) -> tuple[Tensor, dict[str, int]]:
        """The table and the rows of words, all of some words among them; the dictionary is valid under the lock alone."""
        at_hand = dict.fromkeys(words)
        missing = [word for word in at_hand if word not in self._row_of]
        if missing:
            vectors = spell(missing)
            if len(self._row_of) + len(missing) > self._capacity:
                self._keep([word for word in at_hand if word in self._row_of])
            self._add(missing, vectors)
        return self._table, self._row_of

    def _keep(self, words: list[str]) -> None:
        rows = [self._row_of[word] for word in words]
        self._row_of = {}  # first: if the process forks here, no word has a row of another table
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
    """The addresses and version counters of parameters: results computed from them are stale when these change.

    Those that were made in PyTorch's inference mode do not count that.
    """
    return tuple((p.data_ptr(), 0 if p.is_inference() else p._version) for p in parameters)
