"""The different words of a text, spelled and numbered once: written to disk, then memory-mapped.

Mapped pages count as memory of the process, as far as they are read: no more than the two arrays, whatever the text.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.storage.arrays import open_arrays, writing_arrays
from elmo.text.words.characters import BOUNDARIES
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import Spellings, WordEncoder

_AT_ONCE = 4096


class EncodedWords(NamedTuple):
    """Words as a model reads them and as its softmax predicts them."""

    spellings: Spellings  # int16 or int32 (words, width), rows of the speller
    targets: NDArray[np.int32]  # int32 (words,), vocabulary ids


def spell_words(words: Sequence[str], word_encoder: WordEncoder, vocabulary: Vocabulary) -> EncodedWords:
    """Spell and number words, in memory; our sentence marks are spelled as the boundaries of the model."""
    marks = dict(zip(BOUNDARIES, word_encoder.boundaries, strict=True))
    return EncodedWords(word_encoder.encode_compact([marks.get(w, w) for w in words]), vocabulary.encode(words))


def write_encoded_words(words: Sequence[str], word_encoder: WordEncoder, vocabulary: Vocabulary, folder: Path) -> None:
    """`spell_words` of many words into a new folder, some at a time."""
    with writing_arrays(folder) as writer:
        for start in range(0, len(words), _AT_ONCE):
            spelled = spell_words(words[start : start + _AT_ONCE], word_encoder, vocabulary)
            writer.append("spellings", spelled.spellings)
            writer.append("targets", spelled.targets)


def read_encoded_words(folder: Path) -> EncodedWords:
    """Memory-map the files of `write_encoded_words`.

    Raises:
        TextError: a file of the folder is missing or broken.
    """
    spellings, targets = open_arrays(folder, ("spellings", "targets"))
    return EncodedWords(spellings.mapped(), targets.mapped())
