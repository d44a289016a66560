"""Static word vectors beside ELMo: a text file of word2vec or GloVe -> the words that a task keeps, with their vectors.

Which words later texts will have cannot be known, and the file may be large or gone by then. So a task keeps the most frequent
words of the file, which stand first in it, and all words of its training file; they lie in its folder. The dev file has no such
right, so that it is met like any other text.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.errors import TextError
from elmo.tasks.examples import Example
from elmo.text.lines import read_lines

UNKNOWN_ROW = 1  # of a table; row 0 is padding, words begin with row 2
_ADVICE = "give vectors in word2vec's text format: a word and its numbers a line, blanks between"


class StaticVectors(NamedTuple):
    """Words with their vectors."""

    words: list[str]
    table: NDArray[np.float32]  # (words, S)


class StaticWords:
    """Which row of the table of static vectors a token has.

    Args:
        words: in the order of their rows, from row 2 on. width: S.
    """

    def __init__(self, words: Sequence[str], width: int) -> None:
        self.words, self.width = list(words), width
        self._rows = {word: row for row, word in enumerate(self.words, UNKNOWN_ROW + 1)}

    def ids(self, tokens: Sequence[str]) -> list[int]:
        """The rows of tokens; a token that is not there as it stands has that of its lower case."""
        rows = self._rows
        return [rows.get(token) or rows.get(token.lower(), UNKNOWN_ROW) for token in tokens]


def words_in(examples: Sequence[Example]) -> set[str]:
    """The words of texts, and their lower case."""
    texts = [e for example in examples for e in (example, example.other) if e is not None]
    words = {token.text for e in texts for token in e.tokens}
    return words | {word.lower() for word in words}


def read_static_vectors(path: Path, most: int, needed: Collection[str]) -> StaticVectors:
    """The first words of a file, and whichever of the others are needed.

    Args:
        path: text, also packed; the first line may say how many words and numbers there are.
        most: words that are kept whether needed or not.
    Raises:
        TextError: the file is missing, broken, or not such a file; the message names the line.
    """
    words: dict[str, None] = {}
    vectors: list[NDArray[np.float32]] = []
    width, n_read = 0, 0
    for number, line in enumerate(read_lines(path), 1):
        parts = line.rstrip(" ").split(" ")
        if number == 1 and len(parts) == 2 and all(part.isdecimal() for part in parts):
            width = int(parts[1])
            continue
        width = width or len(parts) - 1
        word = " ".join(parts[:-width]) if width else ""
        if not word:
            raise TextError(
                f"{path}, line {number}: {len(parts) - 1} numbers after a word, expected {width or 'some'}; {_ADVICE}"
            )
        n_read += 1
        if word in words or (n_read > most and word not in needed):
            continue
        try:
            vector = np.array(parts[-width:], dtype=np.float32)
        except ValueError:
            raise TextError(
                f"{path}, line {number}: {' '.join(parts[-width:])[:60]!r} are no numbers; {_ADVICE}"
            ) from None
        if not np.isfinite(vector).all():
            raise TextError(f"{path}, line {number}: a number that is not finite; remove the line")
        words[word] = None
        vectors.append(vector)
    if not words:
        raise TextError(f"{path}: no vector in it; {_ADVICE}")
    return StaticVectors(list(words), np.stack(vectors))
