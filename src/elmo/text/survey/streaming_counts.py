"""Counts over a stream of any length, in bounded memory: words, repeated lines, lengths.

Each tally is exact until it is full, and says what it gives up then. None depends on chance or on the order of a set.
"""

import heapq
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

MOST_WORDS = 2_000_000  # different words kept: some 300 MB
MOST_LINES = 1_000_000  # different lines kept, as hashes: some 100 MB


class WordTally:
    """How often each word occurs.

    Exact up to `most` different words; then the rarest are forgotten, and one that comes again begins anew. So the count of
    a frequent word is exact or hardly too small, and `n_tokens` is exact always.

    Attributes:
        counts: word -> how often.
        n_tokens: all words added.
        forgotten: whether any word was, so that `counts` holds fewer than the text.
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
    """A line that stands in the text more than once."""

    text: str  # its first characters
    n: int  # times


class LineTally:
    """Which share of the lines stands in the text already, and which lines do so most often.

    A line is known by a 64-bit hash. Exact up to `most` different lines; then those of every other hash are let go, again
    and again, which leaves a fair sample: the shares are estimates from `most / 2` different lines or more. The commonest
    lines met so far are counted on whether or not the sample holds them.

    Attributes:
        n_lines: all lines added.
        n_bytes: of all lines added.
        sampled: one different line in so many is in the sample.
    """

    _N_COMMONEST = 50
    _SHOWN = 200  # characters

    def __init__(self, most: int = MOST_LINES) -> None:
        self.n_lines = 0
        self.n_bytes = 0
        self.sampled = 1
        self._most = most
        self._counts: dict[int, int] = {}
        self._size_bytes: dict[int, int] = {}  # of repeated lines alone
        self._commonest: dict[int, str] = {}
        self._floor = 1  # the least count among the commonest, once there are enough

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

    def share_repeated(self) -> float:
        """The share of lines that stand in the text before them already."""
        counts = [n for h, n in self._counts.items() if not h % self.sampled]
        return 1 - len(counts) / sum(counts) if counts else 0.0

    def share_of_bytes_repeated(self) -> float:
        """The same of their bytes: what repeated headings and short answers do not make large."""
        repeated = sum((self._counts[h] - 1) * s for h, s in self._size_bytes.items() if not h % self.sampled)
        return min(1.0, repeated * self.sampled / self.n_bytes) if self.n_bytes else 0.0

    def commonest(self, n: int) -> list[RepeatedLine]:
        """The lines that stand in the text most often, at least twice; most often first."""
        lines = [RepeatedLine(text, self._counts[h]) for h, text in self._commonest.items()]
        return sorted(lines, key=lambda line: (-line.n, line.text))[:n]


class LongLine(NamedTuple):
    """A line and where it stands; compares by its size."""

    size_bytes: int
    file: str
    number: int


class LongestLines:
    """The `n` longest lines, longest first in `lines`; of equal ones any."""

    def __init__(self, n: int = 5) -> None:
        self._heap: list[LongLine] = []
        self._n = n

    def add(self, size_bytes: int, file: str, number: int) -> None:
        """Look at a line."""
        if len(self._heap) < self._n:
            heapq.heappush(self._heap, LongLine(size_bytes, file, number))
        elif size_bytes > self._heap[0].size_bytes:
            heapq.heapreplace(self._heap, LongLine(size_bytes, file, number))

    @property
    def lines(self) -> list[LongLine]:
        """What was found, longest first."""
        return sorted(self._heap, reverse=True)


def quantile(lengths: Counter[int], share: float) -> int:
    """The least length that `share` of all do not exceed; 0 of nothing. Exact: one count for each different length."""
    left = share * lengths.total()
    for length in sorted(lengths):
        left -= lengths[length]
        if left <= 0:
            return length
    return max(lengths, default=0)


def mean(lengths: Counter[int]) -> float:
    """The mean length; 0 of nothing."""
    return sum(length * n for length, n in lengths.items()) / lengths.total() if lengths else 0.0
