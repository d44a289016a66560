"""Words -> the rows of ids that the token layer reads: characters, then the id of the word."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elmo.text.words.alphabet import table_size
from elmo.text.words.characters import (
    BOUNDARIES,
    N_CHARACTERS,
    SENTENCE_END,
    SENTENCE_START,
    UNKNOWN_IN_TEXT,
    Boundaries,
    encode_words,
)
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import SPECIALS

Spellings = NDArray[np.int16] | NDArray[np.int32]  # (T, width), the smaller if all ids fit

_OURS = frozenset((*SPECIALS, UNKNOWN_IN_TEXT))


def input_word(word: str, boundaries: Boundaries) -> str:
    """The name of a word among the input words of a model that has other boundaries than ours.

    There `<bos>`, say, begins a sentence, and `<S>` is a word like any other: it is set aside from our mark of that name.
    """
    if boundaries == BOUNDARIES:
        return word
    if word in boundaries:
        return SENTENCE_START if word == boundaries.start else SENTENCE_END
    return f"\0{word}" if word in _OURS else word


class WordEncoder:
    """How a model reads words: a row holds C characters (UTF-8 bytes, or of an alphabet), the word's id, or both.

    The id of a word is last, 0 for a padding token, words from 1 in the order of the input words; all words outside
    them share the id of `<UNK>`.

    Attributes:
        width: ids of a row.
        n_ids: one past the largest id of any column.
        boundaries: the tokens that begin and end a sentence.
    """

    def __init__(
        self,
        max_characters: int | None,
        lexicon: Lexicon = Lexicon(),
        boundaries: Boundaries = BOUNDARIES,
        longest_word: int | None = None,
        fold_case: bool = False,
    ) -> None:
        """Make the word encoder of a model.

        Args:
            max_characters: C, marks of beginning and end included; None: words are not spelled, they only have ids.
            lexicon: of the model.
            boundaries: of the model.
            longest_word: characters of a word that count, the others are cut off before anything is looked up
                (ELMoForManyLangs); None: only its row is cut.
            fold_case: a word outside the input words is looked up in small letters.
        """
        self._max_characters = max_characters
        self._alphabet, self._words = lexicon
        self._longest_word, self._folds_case = longest_word, fold_case
        self.boundaries = boundaries
        self.width = (max_characters or 0) + (self._words is not None)
        of_characters = N_CHARACTERS if self._alphabet is None else table_size(len(self._alphabet))
        of_words = 0 if self._words is None else len(self._words) + 1
        self.n_ids = of_words if max_characters is None else max(of_characters, of_words)

    def encode(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Spell words, in order: int64 (T, width)."""
        if self._longest_word is not None:
            words = [
                word if word in self.boundaries else word[: self._longest_word] for word in words
            ]  # a boundary is longer than the shortest cut
        columns = []
        if self._max_characters is not None:
            columns.append(
                encode_words(words, self._max_characters, self.boundaries)
                if self._alphabet is None
                else self._alphabet.encode_words(words, self._max_characters, self.boundaries)
            )  # (T, C)
        if self._words is not None:
            names = [input_word(word, self.boundaries) for word in words]
            if self._folds_case:
                names = [name if name in self._words else name.lower() for name in names]
            columns.append(self._words.encode(names).astype(np.int64)[:, None] + 1)  # (T, 1)
        return np.concatenate(columns, axis=1)  # (T, width)

    def encode_compact(self, words: Sequence[str]) -> Spellings:
        """`encode` for many words that stay in memory: int16 or int32 (T, width)."""
        rows = self.encode(words)
        return rows.astype(np.int16) if self.n_ids <= 2**15 else rows.astype(np.int32)
