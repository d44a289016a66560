"""Static word vectors beside ELMo: a file of word2vec or GloVe -> the words that a task keeps, with their vectors.

The words of later texts are unknown, and the file may be large or gone by then. So a task keeps in its folder the most frequent
words of the file, which come first in it, and all words of its training file. Words of the dev file are not added, so that it
is like any other text.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from elmo.tasks.examples import Example
from elmo.text.words.word_vectors import WordVectors, read_word_vectors

UNKNOWN_ROW = 1  # of a table; row 0 is padding, words begin with row 2


class StaticWords:
    """The row of each token in the table of static vectors.

    Args:
        words: in the order of their rows, from row 2 on. width: S.
    """

    def __init__(self, words: Sequence[str], width: int) -> None:
        self.words, self.width = list(words), width
        self._rows = {word: row for row, word in enumerate(self.words, UNKNOWN_ROW + 1)}

    def ids(self, tokens: Sequence[str]) -> list[int]:
        """The rows of tokens; a token that is not in the table has the row of its lower case."""
        rows = self._rows
        return [rows.get(token) or rows.get(token.lower(), UNKNOWN_ROW) for token in tokens]


def words_in(examples: Sequence[Example]) -> set[str]:
    """The words of texts, and their lower case."""
    texts = [e for example in examples for e in (example, example.other) if e is not None]
    words = {token.text for e in texts for token in e.tokens}
    return words | {word.lower() for word in words}


def read_task_vectors(path: Path, most: int, needed: Collection[str]) -> WordVectors:
    """The first words of a file, and those of the others that are needed.

    Args:
        path: as `read_word_vectors` takes it.
        most: words that are kept whether needed or not.
    Raises:
        TextError: the file is missing, broken, or not such a file; the message names the line.
    """
    return read_word_vectors(path, lambda n, word: n < most or word in needed)
