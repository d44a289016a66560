"""Ids -> windows of truncated BPTT with the targets of both directions, over the same text (bilm-tf).

A window is T positions of each of B rows. The rows share one endless order of sentences (`sentence_order.py`): a row that has
finished its sentence takes the next one, so epochs follow each other without a gap, and every window is full. A sentence of
n words takes n + 1 positions. At position j of a sentence

    forward   reads <S>  w1 .. wn   and predicts  w1 .. wn </S>
    backward  reads </S> wn .. w1   and predicts  wn .. w1 <S>

so no direction predicts a word that it has read, and both directions of a window cover the same sentences.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.errors import TextError
from elmo.text.sentence_order import SentenceOrder, Shuffle
from elmo.text.shards import END_ID, START_ID, EncodedText

Ids = NDArray[np.int32]
Numbers = NDArray[np.int64]
_NO_POSITION = "the position does not belong to this text; remove the checkpoint, or start a new run"
_KEPT_WORDS = 512  # sentences of at most this length are read at once and kept while their row reads them


class Window(NamedTuple):
    """T positions of B rows; the ids are those of the encoded text."""

    forward_inputs: Ids  # int32 (B, T)
    forward_targets: Ids  # int32 (B, T)
    backward_inputs: Ids  # int32 (B, T)
    backward_targets: Ids  # int32 (B, T)
    begins: NDArray[np.bool_]  # bool (B, T), True at the first position of a sentence, in both directions
    document_begins: NDArray[
        np.bool_
    ]  # bool (B, T), True if that sentence also starts another document than the previous one
    sentences: Numbers  # int64 (B, T), the number of the sentence that is read
    forward_words: Numbers  # int64 (B, T), the index in that sentence of the word that is read; -1: <S>
    backward_words: Numbers  # int64 (B, T), the same for the backward direction; the number of words: </S>


class TextPosition(NamedTuple):
    """The state of a reader, which determines the next window."""

    n_sentences: int  # given to rows so far, over all epochs
    sentence: Numbers  # int64 (B,), number of each row's latest sentence in the text; -1: none yet
    n_done: Numbers  # int64 (B,), positions of it that are done
    n_mixed: int = 0  # sentences of a second text given to its rows (`train/adaptation/mixed_reader.py`)


class _Pieces(NamedTuple):
    """The pieces of sentences that make up a window, row after row."""

    row: NDArray[Any]  # int64 (pieces,), rising; all others are of this shape
    sentence: NDArray[Any]  # int64, its number
    start: NDArray[Any]  # int64, of the sentence in the ids
    n_words: NDArray[Any]  # int64, of the sentence
    first: NDArray[Any]  # int64, the position in the sentence at which the piece begins
    n_positions: NDArray[Any]  # int64, of the piece
    begins_document: NDArray[Any]  # bool, the sentence starts another document than the row's previous one


class WindowReader:
    """Reads windows of a text from any position; memory grows with the rows, not with the text.

    What it caches between calls (upcoming and current sentences) affects the speed only.

    Args:
        text: the sentences.
        n_rows: B.
        window: T.
        seed: of the shuffling.
        shuffle: what is shuffled in each epoch; see `SentenceOrder`.
        heldout: int64 (held,), rising: sentences to skip.
    Raises:
        TextError: no sentence is left.
    """

    def __init__(
        self,
        text: EncodedText,
        n_rows: int,
        window: int,
        *,
        seed: int,
        shuffle: Shuffle,
        heldout: Sequence[int] | Numbers,
    ) -> None:
        held = np.asarray(heldout, dtype=np.int64)
        if len(held) >= text.n_sentences:
            raise TextError(
                f"{text.n_sentences} sentences, {len(held)} of them held out; no sentence is left for training"
            )
        bounds = text.sentences.read_runs(held.tolist(), 2)  # (held, 2, 2)
        n_held_words = int((bounds[:, 1, 0] - bounds[:, 0, 0]).sum())
        self._order = SentenceOrder(text, shuffle, seed, held)
        self.n_positions = text.n_tokens - n_held_words + self._order.n_sentences
        self._text, self._n_rows, self._window = text, n_rows, window
        self._within = np.zeros((0, 4), np.int64)  # (B, 4): facts of the current sentence of each row
        self._ahead = np.zeros((0, 4), np.int64)  # (sentences, 4): facts of the upcoming sentences
        self._ahead_from = 0  # index in the order of the first of them
        self._kept: dict[int, bytes] = {}  # the words of current sentences

    def start(self) -> TextPosition:
        """The position before the first window."""
        return TextPosition(0, np.full(self._n_rows, -1), np.zeros(self._n_rows, np.int64))

    def read(self, position: TextPosition, rows: slice = slice(None)) -> tuple[Window, TextPosition]:
        """The window at a position, and the position after it.

        Args:
            position: of all rows.
            rows: the rows to read; the position of all rows advances.
        Returns:
            arrays (rows, T), and the position of all rows.
        Raises:
            TextError: the position does not belong to this text.
        """
        pieces, after = self._cut(position)
        own = range(self._n_rows)[rows]
        first, last = np.searchsorted(pieces.row, (own.start, own.stop))
        window = self._fill(_Pieces(*(part[first:last] for part in pieces)))
        self._kept = {s: self._kept[s] for s in after.sentence[rows].tolist() if s in self._kept}
        return window, after

    def _cut(self, position: TextPosition) -> tuple[_Pieces, TextPosition]:
        """The pieces of all rows, and the position after them."""
        B, T = self._n_rows, self._window
        before = self._sentences_of(position)  # (B, 4)
        n_left = np.where(position.sentence < 0, 0, before[:, 2] - before[:, 1] + 1 - position.n_done)
        n_taken = []
        ends: list[int] = []  # cumulative positions of the upcoming sentences
        taken = positions_taken = 0
        for n_missing in (T - n_left).tolist():
            taken_before = taken
            if n_missing > 0:
                while not ends or ends[-1] < positions_taken + n_missing:
                    self._look_ahead(position.n_sentences, 2 * len(ends) + B)
                    ends = np.cumsum(self._ahead[:, 2] - self._ahead[:, 1] + 1).tolist()
                taken = bisect_left(ends, positions_taken + n_missing, taken) + 1
                positions_taken = ends[taken - 1]  # the rest of the last sentence stays with the row
            n_taken.append(taken - taken_before)
        continued = np.flatnonzero(n_left > 0)
        row = np.concatenate([continued, np.repeat(np.arange(B), n_taken)])
        by_row = np.argsort(row, kind="stable")  # a continued sentence comes before new ones
        row, is_new = row[by_row], by_row >= len(continued)
        facts = np.concatenate([before[continued], self._ahead[:taken]])[by_row]  # (pieces, 4)
        number, start, end, document = facts.T
        leads = np.searchsorted(row, np.arange(B))  # first piece of each row
        first = np.where(is_new, 0, position.n_done[row])
        n_positions = end - start + 1 - first
        done = np.cumsum(n_positions) - n_positions  # positions before each piece
        n_positions = np.minimum(n_positions, T - (done - done[leads][row]))
        previous = np.roll(facts, 1, axis=0)
        previous[leads] = before
        begins_document = is_new & ((document != previous[:, 3]) | (number <= previous[:, 0]))
        pieces = _Pieces(row, number, start, end - start, first, n_positions, begins_document)
        lasts = np.append(leads[1:], len(row)) - 1
        self._within, self._ahead, self._ahead_from = facts[lasts], self._ahead[taken:], self._ahead_from + taken
        return pieces, TextPosition(position.n_sentences + taken, number[lasts], (first + n_positions)[lasts])

    def _fill(self, pieces: _Pieces) -> Window:
        """Read the words of the pieces, which fill rows of T positions."""
        read: list[bytes] = []
        n_read = 0
        before_first = []  # for both directions, the index at which <S> of the sentence would be in `read`: (pieces, 2)
        for _, number, start, n, first, n_positions, _ in zip(*(part.tolist() for part in pieces), strict=True):
            if n <= _KEPT_WORDS:
                words = self._kept.get(number)
                if words is None:
                    words = self._kept[number] = self._text.ids.read_bytes(start, start + n)
                read.append(words)
                before_first.append((n_read - 1, n_read - 1))
                n_read += n
                continue
            both = []
            for low, high in ((first, first + n_positions), (n + 1 - first - n_positions, n + 1 - first)):
                low, high = max(low, 1), min(high, n)
                read.append(self._text.ids.read_bytes(start + low - 1, start + high))
                both.append(n_read - low)
                n_read += high - low + 1
            before_first.append((both[0], both[1]))
        ids = np.frombuffer(b"".join(read), self._text.ids.dtype)
        ahead, behind = np.array(before_first).T
        piece = np.repeat(np.arange(len(pieces.row)), pieces.n_positions)  # (rows * T,)
        n = pieces.n_words[piece]
        j = pieces.first[piece] + np.arange(len(piece)) - (np.cumsum(pieces.n_positions) - pieces.n_positions)[piece]

        def words_at(i: Numbers, zeros: Numbers) -> Ids:
            """Word i of the sentence at each position; <S> is word 0."""
            found = ids[zeros[piece] + np.clip(i, 1, n)]
            return np.where(i == 0, START_ID, np.where(i > n, END_ID, found)).astype(np.int32).reshape(-1, self._window)

        begins = (j == 0).reshape(-1, self._window)
        return Window(
            words_at(j, ahead),
            words_at(j + 1, ahead),
            words_at(n + 1 - j, behind),
            words_at(n - j, behind),
            begins,
            begins & pieces.begins_document[piece].reshape(begins.shape),
            pieces.sentence[piece].reshape(begins.shape),
            (j - 1).reshape(begins.shape),
            (n - j).reshape(begins.shape),
        )

    def _sentences_of(self, position: TextPosition) -> Numbers:
        """Facts of the current sentence of each row: int64 (B, 4)."""
        sentence, n_done = position.sentence, position.n_done
        if not (sentence.shape == n_done.shape == (self._n_rows,)) or position.n_sentences < 0:
            raise TextError(
                f"a position with {len(sentence)} rows, but the text is read in {self._n_rows} rows; {_NO_POSITION}"
            )
        if not np.array_equal(self._within[:, 0], sentence):
            outside = sentence[(sentence < -1) | (sentence >= self._text.n_sentences)]
            if len(outside):
                raise TextError(
                    f"sentence {outside[0]} of a text with {self._text.n_sentences} sentences; {_NO_POSITION}"
                )
            self._within = np.full((self._n_rows, 4), -1)
            self._within[sentence >= 0] = self._facts(sentence[sentence >= 0])
        n_positions = np.where(sentence < 0, 0, self._within[:, 2] - self._within[:, 1] + 1)
        if (n_done < 0).any() or (n_done > n_positions).any():
            raise TextError(f"more positions done than the sentence has; {_NO_POSITION}")
        return self._within

    def _look_ahead(self, first: int, count: int) -> None:
        """Load at least `count` sentences from index `first` of the order."""
        if self._ahead_from != first:
            self._ahead, self._ahead_from = self._ahead[:0], first
        missing = count - len(self._ahead)
        if missing > 0:
            new = self._facts(self._order.read(first + len(self._ahead), missing))
            self._ahead = np.concatenate([self._ahead, new])

    def _facts(self, numbers: Numbers) -> Numbers:
        """Number, start and end in the ids, and document of each sentence: int64 (sentences, 4)."""
        bounds = self._text.sentences.read_runs(numbers.tolist(), 2)  # (sentences, 2, 2)
        return np.stack([numbers, bounds[:, 0, 0], bounds[:, 1, 0], bounds[:, 0, 1]], axis=1)
