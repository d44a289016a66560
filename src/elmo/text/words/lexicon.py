"""What the input layer of a model learned from its training text: an alphabet, and the words with vectors of their own.

In a folder: `alphabet.json` and `input_words.json`, each there if the model has it; a model of bytes alone has neither.
"""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from elmo.errors import TextError
from elmo.storage.json_files import require_json
from elmo.text.words.alphabet import Alphabet, alphabet_from_counts, read_alphabet, write_alphabet
from elmo.text.words.vocabulary import SPECIALS, Vocabulary, vocabulary_from_counts

ALPHABET_FILE = "alphabet.json"
INPUT_WORDS_FILE = "input_words.json"


class Lexicon(NamedTuple):
    """Ids of characters and words on the input side; the softmax has a vocabulary of its own."""

    alphabet: Alphabet | None = None  # None: UTF-8 bytes
    input_words: Vocabulary | None = None  # None: no word vectors


def learn_lexicon(counts: Counter[str], alphabet_size: int | None, n_words: int | None) -> Lexicon:
    """The most frequent characters and words of a text.

    A word that occurs in the text only once is left out: such ones train the vector of unknown words.

    Args:
        counts: how often each word occurs in the training text.
        alphabet_size, n_words: how many at most; None: none are wanted.
    Raises:
        TextError: none occurs twice.
    """
    words = None
    if n_words is not None:
        words = vocabulary_from_counts(Counter({word: n for word, n in counts.items() if n > 1}), n_words)
        if count_input_words(words) == 0:
            raise TextError("no word occurs more than once in the corpus, so none can have a vector; give more text")
    return Lexicon(None if alphabet_size is None else alphabet_from_counts(counts, alphabet_size), words)


def count_input_words(words: Vocabulary) -> int:
    """Words that have vectors of their own, without the three specials."""
    return len(words) - len(SPECIALS)


def read_lexicon(folder: Path, alphabet: bool, input_words: bool) -> Lexicon:
    """Read the files of `write_lexicon`.

    Args:
        alphabet, input_words: which of the two the model has.
    Raises:
        TextError: a file is missing or broken.
    """
    return Lexicon(
        read_alphabet(folder / ALPHABET_FILE) if alphabet else None,
        _read_input_words(folder / INPUT_WORDS_FILE) if input_words else None,
    )


def write_lexicon(lexicon: Lexicon, folder: Path) -> None:
    """Write the files of a lexicon into an existing folder."""
    if lexicon.alphabet is not None:
        write_alphabet(lexicon.alphabet, folder / ALPHABET_FILE)
    if lexicon.input_words is not None:
        words = json.dumps(lexicon.input_words.words)
        (folder / INPUT_WORDS_FILE).write_text(words + "\n", encoding="ascii")


def _read_input_words(path: Path) -> Vocabulary:
    """Words as JSON, all in ASCII: a word of a published model may be a blank, which no line of a text file keeps."""
    words = require_json(path, "it holds the words that have vectors in the model", TextError)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise TextError(f"{path}: expected one list of strings, <S>, </S>, <UNK> first")
    if tuple(words[: len(SPECIALS)]) != SPECIALS:
        raise TextError(f"{path}: begins with {words[: len(SPECIALS)]!r:.60}, expected <S>, </S>, <UNK>")
    return Vocabulary(words, source=str(path))
