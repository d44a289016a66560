"""Typing errors in the inputs of a language model, not in its targets, for robustness (Belinkov and Bisk 2018).

Each position has its own error in each direction. Errors are drawn for all rows, so every rank draws the same.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.text.typing_errors import is_mistakable, mistyped
from elmo.text.windows import Window
from elmo.text.words.word_encoder import Spellings, WordEncoder
from elmo.train.data.encoded_corpus import EncodedCorpus

Positions = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]  # direction, row, position: int64 (M,) each


class MistypedInputs(NamedTuple):
    """The positions of a window whose input word has an error."""

    positions: Positions
    spellings: Spellings  # (M, C), their inputs

    def of_rows(self, rows: slice) -> "MistypedInputs":
        """The errors of some rows, counted from the first of them."""
        direction, row, position = self.positions
        own = (row >= rows.start) & (row < rows.stop)
        return MistypedInputs((direction[own], row[own] - rows.start, position[own]), self.spellings[own])


def mistype_inputs(
    corpus: EncodedCorpus, word_encoder: WordEncoder, window: Window, fraction: float, random: np.random.Generator
) -> MistypedInputs:
    """Give a fraction of the inputs of a window an error.

    Args:
        window: of all rows, B x T positions in each direction.
        fraction: of the positions; words with fewer than two letters stay unchanged.
    """
    inputs = np.stack([window.forward_inputs, window.backward_inputs])  # (2, B, T)
    drawn = np.nonzero(random.random(inputs.shape) < fraction)
    words = [corpus.words[i] for i in inputs[drawn].tolist()]
    kept = np.array([is_mistakable(word) for word in words], dtype=bool)
    wrong = [mistyped(word, random) for word, keep in zip(words, kept, strict=True) if keep]
    direction, row, position = (axis[kept] for axis in drawn)
    return MistypedInputs((direction, row, position), word_encoder.encode_compact(wrong))
