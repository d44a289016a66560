"""The order in which the sentences of a text are read, epoch after epoch, in constant memory."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.text.permutation import permute
from elmo.text.shards import EncodedText

Shuffle = Literal["sentences", "documents", "none"]
Numbers = NDArray[np.int64]
_ORDER = 4  # the stream of random numbers for orders
_FEW, _MANY = 64, 4096  # documents looked up in one call


class _Cursor(NamedTuple):
    """The start of a document in the order of an epoch."""

    epoch: int
    document: int  # documents before it
    n_before: int  # sentences before it


class SentenceOrder:
    """An endless order of sentences: every sentence that is not held out, once in each epoch.

    Args:
        text: the sentences.
        shuffle: `sentences`: shuffle all sentences in each epoch; `documents`: shuffle documents, keep the order within
            each; `none`: the order of the text.
        seed: of the shuffling.
        heldout: int64 (held,), rising: sentences to skip.
    """

    def __init__(self, text: EncodedText, shuffle: Shuffle, seed: int, heldout: Numbers) -> None:
        self.n_sentences = text.n_sentences - len(heldout)  # of an epoch
        self._text, self._shuffle, self._seed, self._heldout = text, shuffle, seed, heldout
        # Training sentences are numbered 0 .. n_sentences - 1; a gap is the number of them before a held-out sentence.
        self._gaps = heldout - np.arange(len(heldout))
        self._cursor = _Cursor(0, 0, 0)  # the last document looked up: affects speed only

    def read(self, first: int, count: int) -> Numbers:
        """Sentences first .. first + count - 1 of the order: int64 (count,), numbers in the text.

        With `documents`, an index that does not follow the previous call is found by counting from the start of its epoch:
        some seconds for a million documents, once in a resumed run.
        """
        parts = []
        while count:
            epoch, index = divmod(first, self.n_sentences)
            n = min(count, self.n_sentences - index)
            parts.append(self._of_epoch(epoch, index, n))
            first, count = first + n, count - n
        trained = np.concatenate(parts)
        return trained + np.searchsorted(self._gaps, trained, side="right")

    def _of_epoch(self, epoch: int, index: int, count: int) -> Numbers:
        if self._shuffle == "documents":
            return self._of_documents(epoch, index, count)
        indices = np.arange(index, index + count)
        return indices if self._shuffle == "none" else permute(indices, self.n_sentences, self._key(epoch))

    def _of_documents(self, epoch: int, index: int, count: int) -> Numbers:
        self._cursor = self._document_at(epoch, index)
        document, skipped = self._cursor.document, index - self._cursor.n_before
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

    def _document_at(self, epoch: int, index: int) -> _Cursor:
        """The document that contains an index."""
        at = self._cursor
        if at.epoch != epoch or at.n_before > index:
            at = _Cursor(epoch, 0, 0)
        n_documents = _FEW
        while True:
            _, lengths = self._documents(epoch, at.document, n_documents)
            ends = at.n_before + np.cumsum(lengths)
            n_passed = int(np.searchsorted(ends, index, side="right"))
            if n_passed:
                at = _Cursor(epoch, at.document + n_passed, int(ends[n_passed - 1]))
            if n_passed < len(ends):
                return at
            n_documents = _MANY

    def _documents(self, epoch: int, first: int, count: int) -> tuple[Numbers, Numbers]:
        """Documents from index `first` of an epoch's order: first sentence and number of sentences, without held-out ones."""
        indices = np.arange(first, min(first + count, self._text.n_documents))
        documents = permute(indices, self._text.n_documents, self._key(epoch))
        bounds = self._text.documents.read_runs(documents.tolist(), 2)  # (documents, 2)
        bounds = bounds - np.searchsorted(self._heldout, bounds)
        return bounds[:, 0], bounds[:, 1] - bounds[:, 0]

    def _key(self, epoch: int) -> tuple[int, int, int]:
        return (self._seed, _ORDER, epoch)
