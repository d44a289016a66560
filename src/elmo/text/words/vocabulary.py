"""The vocabulary of the language model: word <-> id, in order of frequency (the sampled softmax relies on it)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.errors import TextError
from elmo.text.words.characters import SENTENCE_END, SENTENCE_START, UNKNOWN, UNKNOWN_IN_TEXT

SPECIALS = (SENTENCE_START, SENTENCE_END, UNKNOWN)
_SKIPPED_LINE = "!!!MAXTERMID"


class Vocabulary:
    """The words a language model can predict; an id is an index into the list. Other words share the id of `<UNK>`.

    Only targets go through it: the input side spells every word by its characters.
    """

    def __init__(self, words: Sequence[str], source: str = "vocabulary") -> None:
        self.words = tuple(words)
        self._id_of: dict[str, int] = {}
        for i, word in enumerate(self.words):
            self._id_of.setdefault(word, i)
        missing = [special for special in SPECIALS if special not in self._id_of]
        if missing:
            raise TextError(f"{source}: lines missing: {', '.join(missing)}; a vocabulary begins with <S>, </S>, <UNK>")
        self.start_id, self.end_id, self.unknown_id = (self._id_of[special] for special in SPECIALS)
        self._id_of[UNKNOWN_IN_TEXT] = self.unknown_id

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._id_of

    def encode(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Ids of words, `<UNK>`'s for those outside and for a literal `<unk>`: int32 (T,)."""
        return np.array([self._id_of.get(word, self.unknown_id) for word in words], dtype=np.int32)


def vocabulary_from_counts(counts: Counter[str], size: int) -> Vocabulary:
    """The `size` most frequent words behind the three specials; ties in alphabetical order.

    A literal `<unk>` is no word, and one that a line of the vocabulary file cannot hold (white space at its ends, a lone
    surrogate) is left out.
    """
    items = ((word, n) for word, n in counts.items() if word not in (*SPECIALS, UNKNOWN_IN_TEXT) and _fits_a_line(word))
    ranked = sorted(items, key=lambda item: (-item[1], item[0]))
    return Vocabulary([*SPECIALS, *(word for word, _ in ranked[:size])])


def _fits_a_line(word: str) -> bool:
    return word == word.strip() != "" and "\n" not in word and not any("\ud800" <= c <= "\udfff" for c in word)


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a vocabulary file: UTF-8, one word a line, id = line number.

    Raises:
        TextError: the file is missing, is not UTF-8, or lacks `<S>`, `</S>` or `<UNK>`.
    """
    try:
        lines = path.read_bytes().decode("utf-8-sig").removesuffix("\n").split("\n")
    except FileNotFoundError:
        raise TextError(f"{path.absolute()}: no such vocabulary file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"{path}: cannot be read as a UTF-8 vocabulary ({error})") from error
    words = [line.strip() for line in lines]
    return Vocabulary([word for word in words if word != _SKIPPED_LINE], source=str(path))


def write_vocabulary(vocabulary: Vocabulary, path: Path) -> None:
    """Write one word a line, as `read_vocabulary` reads it."""
    path.write_bytes("".join(f"{word}\n" for word in vocabulary.words).encode("utf-8"))
