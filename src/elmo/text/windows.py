"""Ids -> windows of truncated BPTT with the targets of both directions, over the same text (bilm-tf).

Sentence follows sentence in one line of text, which is cut into B rows of equal length; a window is T places of every row.
A sentence of n words takes n + 1 places. At place j of a sentence

    forward   reads <S>  w1 .. wn   and predicts  w1 .. wn </S>
    backward  reads </S> wn .. w1   and predicts  wn .. w1 <S>

so no direction predicts a word that it has read, and both directions of a window cover the same sentences.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.text.shards import END_ID, START_ID, EncodedText, sentence_bounds

Ids = NDArray[np.int32]


class Window(NamedTuple):
    """T places of B rows; ids are those of the encoded text."""

    forward_inputs: Ids  # int32 (B, T)
    forward_targets: Ids  # int32 (B, T)
    backward_inputs: Ids  # int32 (B, T)
    backward_targets: Ids  # int32 (B, T)
    begins: NDArray[np.bool_]  # bool (B,), the row's first place is the first of a sentence, in both directions


class Epoch:
    """One pass over a text in a given order of sentences; any window can be asked for, so a run can resume anywhere.

    Args:
        text: the sentences.
        order: int64 (sentences,), a permutation of them.
        n_rows: B; fewer rows if the text has fewer places.
        window: T; the last window of the epoch may be shorter. Up to B - 1 places at the end of the line are left out.
    """

    def __init__(self, text: EncodedText, order: NDArray[np.int64], n_rows: int, window: int) -> None:
        starts, lengths = sentence_bounds(text.ends)
        self.ids = text.ids
        self._starts, self._lengths = starts[order], lengths[order]
        self._line_ends = np.cumsum(self._lengths + 1)
        n_places = int(self._line_ends[-1])
        self.n_rows = min(n_rows, n_places)
        self.window = window
        self.row_length = n_places // self.n_rows

    @property
    def n_windows(self) -> int:
        """Windows of the epoch."""
        return -(-self.row_length // self.window)

    def window_at(self, number: int) -> Window:
        """Window `number` of the epoch, from 0."""
        columns = np.arange(number * self.window, min((number + 1) * self.window, self.row_length))  # (T,)
        places = np.arange(self.n_rows)[:, None] * self.row_length + columns  # (B, T)
        sentence = np.searchsorted(self._line_ends, places, side="right")
        n = self._lengths[sentence]
        start = self._starts[sentence]
        j = places - (self._line_ends[sentence] - n - 1)  # place within the sentence, 0..n

        def word(offset: NDArray[np.int64], outside: int) -> Ids:
            inside = (offset >= 0) & (offset < n)
            return np.where(inside, self.ids[start + np.clip(offset, 0, n - 1)], outside).astype(np.int32)

        return Window(
            word(j - 1, START_ID), word(j, END_ID), word(n - j, END_ID), word(n - 1 - j, START_ID), j[:, 0] == 0
        )


def shuffled_order(n_sentences: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of the sentences in an epoch: a permutation that depends on seed and epoch alone."""
    return np.random.default_rng([seed, epoch]).permutation(n_sentences)
