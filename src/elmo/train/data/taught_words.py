"""The words of a window that a teacher explains: those that both directions read in it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.text.windows import Window
from elmo.train.teachers.kept_vectors import SentenceVectors

Numbers = NDArray[np.int64]


class TaughtWords(NamedTuple):
    """M words of some rows of a window with the layers of the teacher."""

    ahead: Tensor  # int64 (M,), where the forward direction reads the word, in B * T positions
    behind: Tensor  # int64 (M,), where the backward direction does
    sentence: Tensor  # int64 (M,), which of the window's sentences the word is of, rising
    layers: Tensor  # float (M, K, D), the chosen layers, each vector with mean 0 and variance 1
    is_predicted: Tensor | None  # bool (B * T,), False: the text is read for the teacher only; None: all True

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "TaughtWords":
        """The same with a function applied to each tensor."""
        predicted = None if self.is_predicted is None else change(self.is_predicted)
        ahead, behind, sentence, layers = (change(t) for t in (self.ahead, self.behind, self.sentence, self.layers))
        return TaughtWords(ahead, behind, sentence, layers, predicted)


class WindowTeacher:
    """Reads the sentences of a window with a teacher.

    Args:
        vectors: of the sentences of the corpus. n_mixed_rows: how many of the last rows read its second text.
    """

    def __init__(self, vectors: SentenceVectors, n_mixed_rows: int) -> None:
        self._vectors, self._n_mixed = vectors, n_mixed_rows

    def explain(self, window: Window, rows: slice) -> TaughtWords:
        """The words of some rows of a window. A sentence that both directions read only in part is still read as a whole."""
        row, ahead, behind = words_in_both(window, rows)
        n_rows, T = window.sentences.shape
        is_first = (np.arange(n_rows) < n_rows - self._n_mixed)[rows]  # (B,), of the first text
        sentences = window.sentences[rows] + np.where(is_first, 0, self._vectors.n_first)[:, None]
        words = torch.from_numpy(window.forward_words[rows][row, ahead])
        numbers, index = np.unique(sentences[row, ahead], return_inverse=True)
        known, layers = self._found(numbers.tolist(), torch.from_numpy(index), words)
        piece = np.cumsum(window.begins[rows], axis=1)[row, ahead]  # of its row
        begins = (np.diff(piece, prepend=-1) != 0) | (np.diff(row, prepend=-1) != 0)  # a sentence
        at_ahead, at_behind, of = (
            torch.from_numpy(found)[known] for found in (row * T + ahead, row * T + behind, begins.cumsum())
        )
        predicted = torch.from_numpy(np.repeat(is_first, T)) if self._n_mixed else None
        return TaughtWords(at_ahead, at_behind, of, layers, predicted)

    def _found(self, numbers: list[int], sentence: Tensor, word: Tensor) -> tuple[Tensor, Tensor]:
        """Whether each word has vectors, bool (M,), and those of the words that do: float (known, K, D)."""
        if not numbers:
            return torch.zeros(0, dtype=torch.bool), torch.zeros(0, self._vectors.n_layers, self._vectors.size)
        read = self._vectors.read(numbers)
        begins = torch.tensor([0, *(len(each.known) for each in read)]).cumsum(0)
        at = begins[sentence] + word
        known = torch.cat([each.known for each in read])[at]
        every = torch.cat([each.layers for each in read], dim=1)  # (K, words, D)
        return known, every[:, at[known]].transpose(0, 1).contiguous()


def words_in_both(window: Window, rows: slice) -> tuple[Numbers, Numbers, Numbers]:
    """The words that both directions read within a window.

    Returns:
        row and position in it at which the forward direction reads the word, and the position at which the backward one does:
        int64 (M,) each.
    """
    forward, backward = window.forward_words[rows], window.backward_words[rows]  # (B, T)
    piece = np.cumsum(window.begins[rows], axis=1)  # a sentence, each time that it is read
    B, T = forward.shape
    position = np.arange(T)
    # At position j of n words: forward = j - 1, backward = n - j; the backward direction reads word `forward` n + 1 - 2 j later.
    other = position + backward - forward
    row = np.broadcast_to(np.arange(B)[:, None], (B, T))
    within = (forward >= 0) & (other >= 0) & (other < T)
    other = np.where(within, other, 0)
    both = within & (piece[row, other] == piece) & (window.sentences[rows][row, other] == window.sentences[rows])
    return row[both], np.broadcast_to(position, (B, T))[both], other[both]
