"""Windows in which some rows read the new text and the others an old one.

The last `round(mix * rows)` of the rows read the old text, from the first step to the last. So each window, and each run of any
length, has exactly that fraction of its positions from the old text, whatever the lengths of the two texts and of their
sentences; a text that ends begins again in a new order, each in its own time.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.text.shards import END_ID, EncodedText
from elmo.text.windows import TextPosition, Window, WindowReader
from elmo.train.adaptation.mixed_text import N_MARKS
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus


class MixedReader:
    """Reads windows of two texts from any position.

    Args:
        new, old: of the two texts, each with its own number of rows.
        n_new_rows, n_old_rows: these numbers.
        n_new_words: different words of the new text; the ids of the old one follow.
    """

    def __init__(
        self, new: WindowReader, old: WindowReader, n_new_rows: int, n_old_rows: int, n_new_words: int
    ) -> None:
        self._new, self._old, self._n_new, self._shift = new, old, n_new_rows, n_new_words - N_MARKS
        # Positions of both texts in which the new text is read once: an epoch.
        self.n_positions = -(-new.n_positions * (n_new_rows + n_old_rows) // n_new_rows)

    def start(self) -> TextPosition:
        """The position before the first window."""
        return self._joined(self._new.start(), self._old.start())

    def read(self, position: TextPosition) -> tuple[Window, TextPosition]:
        """The window at a position, and the position after it: rows of the new text first.

        Raises:
            TextError: the position does not belong to these texts.
        """
        n = self._n_new
        new, new_after = self._new.read(TextPosition(position.n_sentences, position.sentence[:n], position.n_done[:n]))
        old, old_after = self._old.read(TextPosition(position.n_mixed, position.sentence[n:], position.n_done[n:]))
        ids = [np.where(part <= END_ID, part, part + self._shift).astype(np.int32) for part in old[:4]]
        pairs: Iterable[tuple[NDArray[Any], NDArray[Any]]] = zip(new, [*ids, *old[4:]], strict=True)
        window = Window(*(np.concatenate(pair) for pair in pairs))
        return window, self._joined(new_after, old_after)

    def _joined(self, new: TextPosition, old: TextPosition) -> TextPosition:
        return TextPosition(
            new.n_sentences,
            np.concatenate([new.sentence, old.sentence]),
            np.concatenate([new.n_done, old.n_done]),
            old.n_sentences,
        )


def reader_of(corpus: EncodedCorpus, config: PretrainConfig) -> WindowReader | MixedReader:
    """The windows of a run.

    Raises:
        TextError: a text has no sentence to train on.
    """

    def reader(text: EncodedText, n_rows: int) -> WindowReader:
        return WindowReader(text, n_rows, config.window, seed=config.seed, shuffle=config.shuffle, heldout=text.heldout)

    n_old = 0 if corpus.mixed is None else config.mixed_rows()
    new = reader(corpus.text, config.rows - n_old)
    if corpus.mixed is None or not n_old:
        return new
    return MixedReader(new, reader(corpus.mixed.text, n_old), config.rows - n_old, n_old, len(corpus.text.words))
