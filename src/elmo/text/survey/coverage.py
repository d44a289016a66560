"""The OOV rate of a text for vocabularies of several sizes."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from elmo.text.words.characters import UNKNOWN_IN_TEXT
from elmo.text.words.vocabulary import SPECIALS, Vocabulary, vocabulary_from_counts

SIZES = (1_000, 5_000, 10_000, 30_000, 50_000, 100_000, 200_000, 500_000, 800_000)
_OFTEN = 3  # minimum occurrences of a word that can be learned; the 1 Billion Word Benchmark uses the same limit
_GOOD = 0.05  # OOV rate in new text


class Coverage(NamedTuple):
    """A vocabulary size and its OOV rate (fraction of tokens outside it), without literal `<unk>`.

    Attributes:
        size: number of words, the most frequent ones.
        own: OOV rate of the text that the vocabulary was counted on.
        held_back: OOV rate of text that it was not counted on; None if there is none.
    """

    size: int
    own: float
    held_back: float | None


class FrequentWords:
    """The words of a text in order of frequency, with cumulative token counts.

    Args:
        counts: the words of the text, without the part held back; rare ones may be missing and are then unknown.
        n_tokens: number of its tokens.
        held_back, n_held_back: the same of the part held back.
    """

    def __init__(self, counts: Counter[str], n_tokens: int, held_back: Counter[str], n_held_back: int) -> None:
        words = vocabulary_from_counts(counts, SIZES[-1]).words[len(SPECIALS) :]
        self.n_words = len(words)
        self._known = np.cumsum([0, *(counts[word] for word in words)])  # (words + 1,)
        self._known_held_back = np.cumsum([0, *(held_back[word] for word in words)])  # (words + 1,)
        self._n = n_tokens - counts[UNKNOWN_IN_TEXT]
        self._n_held_back = n_held_back - held_back[UNKNOWN_IN_TEXT]

    @property
    def sizes(self) -> list[int]:
        """The `SIZES` below the number of words in the text, and that number."""
        return [size for size in SIZES if size < self.n_words] + [self.n_words] * (self.n_words > 0)

    def coverage(self, size: int) -> Coverage:
        """The OOV rates of a vocabulary of `size` words, or of all if there are fewer."""
        n_words = min(size, self.n_words)
        return Coverage(
            n_words,
            1 - int(self._known[n_words]) / self._n if self._n > 0 else 0.0,
            1 - int(self._known_held_back[n_words]) / self._n_held_back if self._n_held_back > 0 else None,
        )

    def suggested(self, at_least: int) -> int:
        """A size for training: the smallest of `sizes` with an OOV rate of at most 5 % on new text, limited to learnable words.

        The size is at most the number of words that occur three times: rarer words cannot be learned.

        Args:
            at_least: the minimum, if there are as many learnable words.
        """
        n_often = int((np.diff(self._known) >= _OFTEN).sum())
        rates = ((size, self.coverage(size).held_back) for size in self.sizes)
        good = next((size for size, rate in rates if rate is not None and rate <= _GOOD), n_often)
        return max(1, _rounded(min(max(at_least, good), n_often)))


def oov_rate(counts: Counter[str], n_tokens: int, vocabulary: Vocabulary) -> float:
    """The fraction of `n_tokens` words outside a vocabulary, without literal `<unk>`."""
    n = n_tokens - counts[UNKNOWN_IN_TEXT]
    known = sum(n for word, n in counts.items() if word in vocabulary and word != UNKNOWN_IN_TEXT)
    return 1 - known / n if n > 0 else 0.0


def _rounded(size: int) -> int:
    """Down to two leading digits."""
    unit = int("1".ljust(len(str(size)) - 1, "0"))
    return size // unit * unit
