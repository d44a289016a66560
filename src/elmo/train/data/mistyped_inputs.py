"""Typing errors in what a language model reads, not in what it predicts: so it learns to read past them (Belinkov and Bisk 2018).

Each place has its own error, forward and backward. All is drawn for all rows, so ranks draw what one process draws.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.text.typing_errors import is_mistakable, mistyped
from elmo.text.windows import Window
from elmo.text.words.word_encoder import Spellings, WordEncoder
from elmo.train.data.encoded_corpus import EncodedCorpus

Places = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]  # direction, row, place: int64 (M,) each


class MistypedInputs(NamedTuple):
    """The places of a window that read their word with an error."""

    places: Places
    spellings: Spellings  # (M, C), what they read

    def of_rows(self, rows: slice) -> "MistypedInputs":
        """Those of some rows, counted from the first of them."""
        direction, row, place = self.places
        own = (row >= rows.start) & (row < rows.stop)
        return MistypedInputs((direction[own], row[own] - rows.start, place[own]), self.spellings[own])


def mistype_inputs(
    corpus: EncodedCorpus, word_encoder: WordEncoder, window: Window, share: float, random: np.random.Generator
) -> MistypedInputs:
    """Give a share of the inputs of a window an error.

    Args:
        window: of all rows, B x T places in each direction.
        share: of the places; of these, words of fewer than two letters stay as they are.
    """
    inputs = np.stack([window.forward_inputs, window.backward_inputs])  # (2, B, T)
    drawn = np.nonzero(random.random(inputs.shape) < share)
    words = [corpus.text.words[i] for i in inputs[drawn].tolist()]
    kept = np.array([is_mistakable(word) for word in words], dtype=bool)
    wrong = [mistyped(word, random) for word, keep in zip(words, kept, strict=True) if keep]
    direction, row, place = (axis[kept] for axis in drawn)
    return MistypedInputs((direction, row, place), word_encoder.encode_compact(wrong))
