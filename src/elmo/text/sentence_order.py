"""In which order the sentences of a text are read, epoch after epoch without end, in constant memory."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.text.permutation import permute
from elmo.text.shards import EncodedText

Shuffle = Literal["sentences", "documents", "none"]
Numbers = NDArray[np.int64]
_ORDER = 4  # this kind of random numbers of a run
_FEW, _MANY = 64, 4096  # documents looked up together


class _Cursor(NamedTuple):
    """Where a document begins in the order of an epoch."""

    epoch: int
    document: int  # documents before it
    place: int  # sentences before it


class SentenceOrder:
    """Which sentence stands at each place of an endless order; every sentence that is not held out, once in each epoch.

    Args:
        text: the sentences.
        shuffle: `sentences`: all of them anew in each epoch; `documents`: documents anew, the sentences of each in order;
            `none`: as in the text.
        seed: of the shuffling.
        heldout: int64 (held,), rising: sentences to pass over.
    """

    def __init__(self, text: EncodedText, shuffle: Shuffle, seed: int, heldout: Numbers) -> None:
        self.n_sentences = text.n_sentences - len(heldout)  # of an epoch
        self._text, self._shuffle, self._seed, self._heldout = text, shuffle, seed, heldout
        # Sentences that are trained on have numbers of their own, 0 .. n_sentences - 1; so many of them lie before each gap.
        self._gaps = heldout - np.arange(len(heldout))
        self._cursor = _Cursor(0, 0, 0)  # where documents were looked up last: changes the speed, never the result

    def read(self, first: int, count: int) -> Numbers:
        """Sentences at the places first .. first + count - 1 of the order: int64 (count,), numbers of the text.

        With `documents`, a place that does not follow the last one asked for is found by counting from the start of its
        epoch: some seconds for a million documents, once in a resumed run.
        """
        parts = []
        while count:
            epoch, place = divmod(first, self.n_sentences)
            n = min(count, self.n_sentences - place)
            parts.append(self._of_epoch(epoch, place, n))
            first, count = first + n, count - n
        trained = np.concatenate(parts)
        return trained + np.searchsorted(self._gaps, trained, side="right")

    def _of_epoch(self, epoch: int, place: int, count: int) -> Numbers:
        if self._shuffle == "documents":
            return self._of_documents(epoch, place, count)
        places = np.arange(place, place + count)
        return places if self._shuffle == "none" else permute(places, self.n_sentences, self._key(epoch))

    def _of_documents(self, epoch: int, place: int, count: int) -> Numbers:
        self._cursor = self._document_at(epoch, place)
        document, skipped = self._cursor.document, place - self._cursor.place
        parts = []
        while count:
            firsts, lengths = self._documents(epoch, document, _FEW)
            firsts[0] += skipped
            lengths[0] -= skipped
            taken = np.clip(count - (np.cumsum(lengths) - lengths), 0, lengths)
            ends = np.cumsum(taken)
            parts.append(np.arange(ends[-1]) + np.repeat(firsts - (ends - taken), taken))
            document, skipped, count = document + len(firsts), 0, count - int(ends[-1])
        return np.concatenate(parts)

    def _document_at(self, epoch: int, place: int) -> _Cursor:
        """The document that holds a place."""
        at = self._cursor
        if at.epoch != epoch or at.place > place:
            at = _Cursor(epoch, 0, 0)
        n_documents = _FEW
        while True:
            _, lengths = self._documents(epoch, at.document, n_documents)
            ends = at.place + np.cumsum(lengths)
            n_before = int(np.searchsorted(ends, place, side="right"))
            if n_before:
                at = _Cursor(epoch, at.document + n_before, int(ends[n_before - 1]))
            if n_before < len(ends):
                return at
            n_documents = _MANY

    def _documents(self, epoch: int, first: int, count: int) -> tuple[Numbers, Numbers]:
        """Documents from place `first` of an epoch's order: first sentence, sentences, both without those held out."""
        places = np.arange(first, min(first + count, self._text.n_documents))
        documents = permute(places, self._text.n_documents, self._key(epoch))
        bounds = self._text.documents.read_runs(documents.tolist(), 2)  # (documents, 2)
        bounds = bounds - np.searchsorted(self._heldout, bounds)
        return bounds[:, 0], bounds[:, 1] - bounds[:, 0]

    def _key(self, epoch: int) -> tuple[int, int, int]:
        return (self._seed, _ORDER, epoch)
