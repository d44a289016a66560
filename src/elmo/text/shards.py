"""A stream of sentences -> memory-mapped ids: each different word kept once, the text as numbers.

On disk a folder of three files: `words.json` (the different words in order of first appearance; JSON, because a word may
hold any character), `ids.npy` (int32, the word of each token) and `ends.npy` (int64, where each sentence ends).
"""

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.errors import TextError
from elmo.text.characters import SENTENCE_END, SENTENCE_START
from elmo.text.files import read_json, written_whole

START_ID = 0
END_ID = 1


class EncodedText:
    """Sentences as ids of different words; ids 0 and 1 are `<S>` and `</S>`, whether or not a sentence holds them as words.

    Attributes:
        words: the different words; an id is a place in it.
        ids: int32 (tokens,), sentence after sentence, without boundaries.
        ends: int64 (sentences,), one past the last token of each sentence.
    """

    def __init__(self, words: Sequence[str], ids: NDArray[np.int32], ends: NDArray[np.int64]) -> None:
        self.words = words
        self.ids = ids
        self.ends = ends

    @property
    def n_sentences(self) -> int:
        """Sentences, all non-empty."""
        return len(self.ends)

    @property
    def n_tokens(self) -> int:
        """Words of all sentences, without boundaries."""
        return len(self.ids)

    def sentence(self, number: int) -> list[str]:
        """The words of one sentence."""
        start = int(self.ends[number - 1]) if number else 0
        return [self.words[i] for i in self.ids[start : int(self.ends[number])]]

    def count_words(self) -> Counter[str]:
        """How often each word stands in the text."""
        counts = np.bincount(self.ids, minlength=len(self.words))
        return Counter({word: int(n) for word, n in zip(self.words, counts, strict=True) if n})

    def select(self, numbers: NDArray[np.int64]) -> "EncodedText":
        """The text of some sentences, in the given order, over the same words."""
        starts, lengths = sentence_bounds(self.ends)
        ends = np.cumsum(lengths[numbers])
        within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths[numbers], lengths[numbers])
        places = np.repeat(starts[numbers], lengths[numbers]) + within
        return EncodedText(self.words, self.ids[places], ends)


def sentence_bounds(ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each sentence starts and how many words it has: int64 (sentences,) each."""
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]]) if len(ends) else ends
    return starts, ends - starts


def encode_text(sentences: Iterable[Sequence[str]]) -> EncodedText:
    """Read a stream of sentences once; empty sentences are passed over."""
    id_of = {SENTENCE_START: START_ID, SENTENCE_END: END_ID}
    ids, ends = array("i"), array("q")
    for words in sentences:
        if words:
            ids.extend([id_of.setdefault(word, len(id_of)) for word in words])
            ends.append(len(ids))
    return EncodedText(list(id_of), np.array(ids, dtype=np.int32), np.array(ends, dtype=np.int64))


def write_encoded_text(text: EncodedText, folder: Path) -> None:
    """Write the text as a folder, whole or not at all."""
    with written_whole(folder) as part:
        part.mkdir()
        np.save(part / "ids.npy", text.ids)
        np.save(part / "ends.npy", text.ends)
        (part / "words.json").write_text(json.dumps(text.words), encoding="ascii")


def read_encoded_text(folder: Path) -> EncodedText:
    """Open what `write_encoded_text` wrote; ids stay on disk until they are read.

    Raises:
        TextError: a file of the folder is missing or broken.
    """
    try:
        words = read_json(folder / "words.json")
        ids = np.load(folder / "ids.npy", mmap_mode="r", allow_pickle=False)
        ends = np.load(folder / "ends.npy", allow_pickle=False)
        sound = isinstance(words, list) and all(isinstance(word, str) for word in words)
        sound = sound and (ids.dtype, ids.ndim, ends.dtype, ends.ndim) == (np.int32, 1, np.int64, 1)
        sound = sound and (len(ids) == 0 or (0 <= int(ids.min()) and int(ids.max()) < len(words)))
        if not sound or not np.array_equal(ends, np.unique(ends)) or (ends[-1] if len(ends) else 0) != len(ids):
            raise ValueError("its parts do not fit together")
    except (OSError, EOFError, ValueError) as error:
        raise TextError(
            f"{folder}: the encoded corpus of the run cannot be read ({error}); start the run anew"
        ) from error
    return EncodedText(words, ids, ends)
