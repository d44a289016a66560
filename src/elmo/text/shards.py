"""A stream of sentences -> a folder of arrays: each different word stored once, the text as ids.

Written in a stream and read in pieces: memory grows with the number of different words, not with the text. The arrays
(`storage/arrays.py`):

    ids             int32 (tokens,)            the word of each token, sentence after sentence, without boundaries
    sentences       int64 (sentences + 1, 2)   start of each in `ids`, and its document; the last row closes the text
    documents       int64 (documents + 1,)     the first sentence of each; the last closes the text
    heldout         int64 (held,)              sentences not to train on, rising
    words           uint8 (bytes,)             the different words in order of first appearance, in UTF-8
    word_ends       int64 (words,)             one past the last byte of each
    word_counts     int64 (words,)             the count of each word, without held-out sentences
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from elmo.storage.arrays import ArraysWriter, DiskArray, open_arrays, writing_arrays
from elmo.text.heldout import choose_heldout
from elmo.text.words.characters import SENTENCE_END, SENTENCE_START

START_ID = 0
END_ID = 1

_ARRAYS = ("ids", "sentences", "documents", "heldout", "words", "word_ends", "word_counts")
_BUFFERED = 2**16  # tokens or words written to disk in one call
_UTF8 = ("utf-8", "surrogatepass")  # a word of a jsonl file may contain a lone surrogate


class EncodedText:
    """Sentences as ids of different words; ids 0 and 1 are `<S>` and `</S>`, even if a sentence contains them as words.

    Attributes:
        words: the different words, memory-mapped; an id is an index in it.
        word_counts: int64 (words,), memory-mapped: the count of each word, without held-out sentences.
        ids: int32 (tokens,), read in pieces.
        sentences: int64 (sentences + 1, 2), read in pieces: first token, document; the last row closes the text.
        documents: int64 (documents + 1,), read in pieces: first sentence; the last closes the text.
        heldout: int64 (held,), rising: sentences not to train on.
        n_heldout_tokens: words of those.
    """

    def __init__(self, arrays: Sequence[DiskArray]) -> None:
        self.ids, self.sentences, self.documents, heldout, spelled, word_ends, counts = arrays
        self.words = Words(spelled.mapped(), word_ends.mapped())
        self.word_counts: NDArray[np.int64] = counts.mapped()
        self.heldout: NDArray[np.int64] = heldout.read(0, len(heldout))
        bounds = self.sentences.read_runs(self.heldout.tolist(), 2)  # (held, 2, 2)
        self.n_heldout_tokens = int((bounds[:, 1, 0] - bounds[:, 0, 0]).sum())

    @property
    def n_sentences(self) -> int:
        """The number of sentences, all non-empty, held-out ones included."""
        return len(self.sentences) - 1

    @property
    def n_documents(self) -> int:
        """Documents, all non-empty."""
        return len(self.documents) - 1

    @property
    def n_tokens(self) -> int:
        """The number of tokens of all sentences, without boundaries, held-out ones included."""
        return len(self.ids)

    def sentence(self, number: int) -> list[str]:
        """The words of one sentence."""
        (start, _), (end, _) = self.sentences.read(number, number + 2)
        return [self.words[i] for i in self.ids.read(start, end)]

    def count_words(self) -> Counter[str]:
        """The count of each word, without held-out sentences."""
        return Counter({word: n for word, n in zip(self.words, self.word_counts.tolist(), strict=True) if n})


class Words(Sequence[str]):
    """Many words in two arrays, decoded on access."""

    def __init__(self, spelled: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self._spelled = spelled
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(f"word {index} of {len(self)}")
        start = self._ends[index - 1] if index else 0
        return self._spelled[start : self._ends[index]].tobytes().decode(*_UTF8)


def write_encoded_text(
    sentences: Iterable[tuple[Sequence[str], bool]], folder: Path, heldout_seed: int | None = None
) -> EncodedText:
    """Write a stream of sentences as a new folder, and open it. Not whole if it fails: call it within `atomic_write`.

    Args:
        sentences: words, and whether they begin a document (`corpus.CorpusSentence`); empty ones are skipped.
        heldout_seed: hold out some sentences by this seed (`choose_heldout`); None: none.
    """
    id_of = {SENTENCE_START: START_ID, SENTENCE_END: END_ID}
    with writing_arrays(folder) as writer:
        counts = _write_ids(sentences, id_of, writer)
        ids, bounds = writer.finish("ids"), writer.finish("sentences")
        n_sentences = len(bounds) - 1
        heldout = np.zeros(0, np.int64)
        if heldout_seed is not None and n_sentences:
            heldout = choose_heldout(n_sentences, heldout_seed)
        for (start, _), (end, _) in bounds.read_runs(heldout.tolist(), 2):
            np.subtract.at(counts, ids.read(start, end), 1)
        writer.append("heldout", heldout)
        writer.append("word_counts", counts[: len(id_of)])
        _write_words(id_of, writer)
    return read_encoded_text(folder)


def read_encoded_text(folder: Path) -> EncodedText:
    """Open a text written by `write_encoded_text`, after checking every byte.

    Raises:
        TextError: a file of the folder is missing or broken.
    """
    return EncodedText(open_arrays(folder, _ARRAYS))


def _write_ids(
    sentences: Iterable[tuple[Sequence[str], bool]], id_of: dict[str, int], writer: ArraysWriter
) -> NDArray[np.int64]:
    """Write ids, sentences and documents; new words join `id_of`. Returns counts: int64 (words or more,)."""
    ids, begins, first_sentences = array("i"), array("q"), array("q")
    counts = np.zeros(2 * _BUFFERED, dtype=np.int64)
    n_tokens = n_sentences = n_documents = 0
    begins_document = True

    def flush() -> None:
        nonlocal counts
        if len(counts) < len(id_of):
            counts = np.concatenate([counts, np.zeros(max(len(counts), len(id_of)), np.int64)])
        words = np.frombuffer(ids, np.int32)
        np.add.at(counts, words, 1)
        writer.append("ids", words)
        writer.append("sentences", np.frombuffer(begins, np.int64).reshape(-1, 2))
        writer.append("documents", np.frombuffer(first_sentences, np.int64))

    for words, begins_here in sentences:
        begins_document = begins_document or begins_here
        if not words:
            continue
        if begins_document:
            first_sentences.append(n_sentences)
            n_documents += 1
        begins.extend((n_tokens, n_documents - 1))
        ids.extend([id_of.setdefault(word, len(id_of)) for word in words])
        n_tokens += len(words)
        n_sentences += 1
        begins_document = False
        if len(ids) >= _BUFFERED:
            flush()
            ids, begins, first_sentences = array("i"), array("q"), array("q")
    begins.extend((n_tokens, n_documents))
    first_sentences.append(n_sentences)
    flush()
    return counts


def _write_words(words: Iterable[str], writer: ArraysWriter) -> None:
    n_bytes, rest = 0, iter(words)
    while some := list(islice(rest, _BUFFERED)):
        spelled = [word.encode(*_UTF8) for word in some]
        ends = n_bytes + np.cumsum([len(word) for word in spelled])
        n_bytes = int(ends[-1])
        writer.append("words", np.frombuffer(b"".join(spelled), np.uint8))
        writer.append("word_ends", ends)
