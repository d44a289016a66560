"""The words of a window that a teacher explains: those that both directions read in it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.text.shards import EncodedText
from elmo.text.windows import Window
from elmo.train.teachers.teacher import Teacher, normalised

Numbers = NDArray[np.int64]


class TaughtWords(NamedTuple):
    """M words of some rows of a window with the layers of the teacher."""

    ahead: Tensor  # int64 (M,), where the forward direction reads the word, in B * T positions
    behind: Tensor  # int64 (M,), where the backward direction does
    sentence: Tensor  # int64 (M,), which of the window's sentences the word is of, rising
    layers: Tensor  # float (M, K, D), the chosen layers, each vector with mean 0 and variance 1
    is_told: (
        Tensor | None
    )  # bool (B * T,), False: the text is read for the teacher only, no word is predicted; None: all True

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "TaughtWords":
        """The same with a function applied to each tensor."""
        told = None if self.is_told is None else change(self.is_told)
        ahead, behind, sentence, layers = (change(t) for t in (self.ahead, self.behind, self.sentence, self.layers))
        return TaughtWords(ahead, behind, sentence, layers, told)


class WindowTeacher:
    """Reads the sentences of a window with a teacher.

    Args:
        teacher: what is learned from. layers: of the teacher, those that are used, rising.
        text: which the windows are of.
        told_until: the number of the first sentence that is read for the teacher only; None: there is none.
    """

    def __init__(self, teacher: Teacher, layers: Sequence[int], text: EncodedText, told_until: int | None) -> None:
        self._teacher, self._layers, self._text, self._told_until = teacher, list(layers), text, told_until

    def explain(self, window: Window, rows: slice) -> TaughtWords:
        """The words of some rows of a window. A sentence that both directions read only in part is still read as a whole."""
        row, ahead, behind = words_in_both(window, rows)
        T = window.sentences.shape[1]
        sentences, words = window.sentences[rows][row, ahead], window.forward_words[rows][row, ahead]
        numbers, index = np.unique(sentences, return_inverse=True)
        read = self._teacher.read([self._text.sentence(number) for number in numbers.tolist()])
        begins = np.cumsum([0, *(len(sentence.known) for sentence in read)])
        at = torch.from_numpy(begins[index] + words)
        known = torch.cat([sentence.known for sentence in read])[at] if read else torch.zeros(0, dtype=torch.bool)
        layers = torch.zeros(0, len(self._layers), self._teacher.size)
        if read:
            every = torch.cat([sentence.layers[self._layers] for sentence in read], dim=1)  # (K, words, D)
            layers = normalised(every[:, at[known]].transpose(0, 1).contiguous())
        told = None
        if self._told_until is not None:
            told = torch.from_numpy((window.sentences[rows] < self._told_until).reshape(-1))
        flat = [torch.from_numpy(row * T + place)[known] for place in (ahead, behind)]
        piece = np.cumsum(window.begins[rows], axis=1)[row, ahead]  # of its row
        begins_another = np.diff(piece, prepend=-1) + np.diff(row, prepend=-1) != 0
        sentence = torch.from_numpy(np.cumsum(begins_another) - 1)[known]
        return TaughtWords(flat[0], flat[1], sentence, layers, told)


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
