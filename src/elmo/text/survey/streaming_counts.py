"""Counts over a stream of any length, in bounded memory: words, repeated lines, lengths.

Each table is exact until it is full. None depends on chance or on the order of a set.
"""

import heapq
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

MOST_WORDS = 2_000_000  # maximum different words: about 300 MB
MOST_LINES = 1_000_000  # maximum different lines, as hashes: about 100 MB


class WordTally:
    """The count of each word.

    Exact up to `most` different words; then the rarest are dropped, and the count of a dropped word restarts at 0. So the counts
    of frequent words are exact or nearly so, and `n_tokens` is always exact.

    Attributes:
        counts: word -> its count.
        n_tokens: all words added.
        forgotten: whether any word was dropped.
    """

    def __init__(self, most: int = MOST_WORDS) -> None:
        self.counts: Counter[str] = Counter()
        self.n_tokens = 0
        self.forgotten = False
        self._most = most

    def add(self, words: Sequence[str]) -> None:
        """Count some words."""
        self.counts.update(words)
        self.n_tokens += len(words)
        rarest = 1
        while len(self.counts) > self._most:
            self.counts = Counter({word: n for word, n in self.counts.items() if n > rarest})
            self.forgotten = True
            rarest *= 2


class RepeatedLine(NamedTuple):
    """A line that occurs more than once."""

    text: str  # its first characters
    n: int  # times


class LineTally:
    """The fraction of lines that are repeated, and the most frequent lines.

    Lines are compared by a 64-bit hash. Exact up to `most` different lines; then the sample is halved by hash, again and again:
    the fractions are estimates from at least `most / 2` different lines. The most frequent lines so far are always counted.

    Attributes:
        n_lines: all lines added.
        n_bytes: of all lines added.
        sampled: one in `sampled` different lines is in the sample.
    """

    _N_COMMONEST = 50
    _SHOWN = 200  # characters

    def __init__(self, most: int = MOST_LINES) -> None:
        self.n_lines = 0
        self.n_bytes = 0
        self.sampled = 1
        self._most = most
        self._counts: dict[int, int] = {}
        self._size_bytes: dict[int, int] = {}  # of repeated lines only
        self._commonest: dict[int, str] = {}
        self._floor = 1  # the smallest count among the most frequent lines, once there are enough

    def add(self, line: str, line_hash: int, size_bytes: int) -> None:
        """Count a line."""
        self.n_lines += 1
        self.n_bytes += size_bytes
        if line_hash % self.sampled and line_hash not in self._commonest:
            return
        count = self._counts[line_hash] = self._counts.get(line_hash, 0) + 1
        if count > 1:
            self._size_bytes[line_hash] = size_bytes
            if count > self._floor and line_hash not in self._commonest:
                self._promote(line, line_hash)
        elif len(self._counts) > self._most + self._N_COMMONEST:
            self._thin()

    def _promote(self, line: str, line_hash: int) -> None:
        self._commonest[line_hash] = line[: self._SHOWN]
        if len(self._commonest) > self._N_COMMONEST:
            del self._commonest[min(self._commonest, key=lambda h: (self._counts[h], -h))]
            self._floor = min(self._counts[h] for h in self._commonest)

    def _thin(self) -> None:
        self.sampled *= 2
        self._counts = {h: n for h, n in self._counts.items() if not h % self.sampled or h in self._commonest}
        self._size_bytes = {h: size for h, size in self._size_bytes.items() if h in self._counts}

    def fraction_repeated(self) -> float:
        """The fraction of lines that occurred before."""
        counts = [n for h, n in self._counts.items() if not h % self.sampled]
        return 1 - len(counts) / sum(counts) if counts else 0.0

    def fraction_of_bytes_repeated(self) -> float:
        """The fraction of bytes in repeated lines; short repeated lines have little effect on it."""
        repeated = sum((self._counts[h] - 1) * s for h, s in self._size_bytes.items() if not h % self.sampled)
        return min(1.0, repeated * self.sampled / self.n_bytes) if self.n_bytes else 0.0

    def commonest(self, n: int) -> list[RepeatedLine]:
        """The most frequent lines that occur at least twice, most frequent first."""
        lines = [RepeatedLine(text, self._counts[h]) for h, text in self._commonest.items()]
        return sorted(lines, key=lambda line: (-line.n, line.text))[:n]


class LongLine(NamedTuple):
    """A line with its file and number; ordered by size."""

    size_bytes: int
    file: str
    number: int


class LongestLines:
    """The `n` longest lines, longest first in `lines`; ties are broken arbitrarily."""

    def __init__(self, n: int = 5) -> None:
        self._heap: list[LongLine] = []
        self._n = n

    def add(self, size_bytes: int, file: str, number: int) -> None:
        """Add a line."""
        if len(self._heap) < self._n:
            heapq.heappush(self._heap, LongLine(size_bytes, file, number))
        elif size_bytes > self._heap[0].size_bytes:
            heapq.heapreplace(self._heap, LongLine(size_bytes, file, number))

    @property
    def lines(self) -> list[LongLine]:
        """The lines, longest first."""
        return sorted(self._heap, reverse=True)


def quantile(lengths: Counter[int], fraction: float) -> int:
    """The smallest length that at least `fraction` of all do not exceed; 0 if empty. Exact: one count per different length."""
    left = fraction * lengths.total()
    for length in sorted(lengths):
        left -= lengths[length]
        if left <= 0:
            return length
    return max(lengths, default=0)


def mean(lengths: Counter[int]) -> float:
    """The mean length; 0 if empty."""
    return sum(length * n for length, n in lengths.items()) / lengths.total() if lengths else 0.0
