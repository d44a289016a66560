"""Words -> character ids: the one table of special symbols (Peters et al. 2018; bilm-tf, AllenNLP).

A word is its UTF-8 bytes between two marks, filled up to a fixed length:

    [BEGIN_WORD, byte, byte, ..., END_WORD, PAD_CHARACTER, ...]

All ids here are those of inference: 0 marks a padding token (a row of zeros), bytes are 1-256, specials 257-261. The
published `char_embed` has no row for 0; what that means for files is known to `checkpoints.formats.hdf5_layout` alone. A
table of other characters (`text.words.alphabet`) has its own number of ids; the five specials are the last of them there as
here.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PADDING = 0
SENTENCE_START_CHARACTER = 257
SENTENCE_END_CHARACTER = 258
BEGIN_WORD = 259
END_WORD = 260
PAD_CHARACTER = 261
N_CHARACTERS = 262
N_SPECIALS = 5

SENTENCE_START = "<S>"
SENTENCE_END = "</S>"
UNKNOWN = "<UNK>"
UNKNOWN_IN_TEXT = "<unk>"  # how prepared corpora (WikiText, PTB) write an unknown word


class Boundaries(NamedTuple):
    """The tokens of the sentence boundaries: a word spelled like one gets the row of the boundary."""

    start: str = SENTENCE_START
    end: str = SENTENCE_END


BOUNDARIES = Boundaries()  # of bilm-tf, AllenNLP, and models of our own


def spell_with_marks(
    word: str,
    codes: Sequence[int],
    max_characters: int,
    n_characters: int = N_CHARACTERS,
    boundaries: Boundaries = BOUNDARIES,
) -> NDArray[np.int64]:
    """Set the ids of a word's characters between the marks of a word.

    Args:
        word: one of the `boundaries` gets the row of that end of a sentence, whatever its `codes`.
        codes: ids of the word's characters, `max_characters - 2` at most.
        max_characters: C, the fixed length of a row.
        n_characters: ids of the table that `codes` are of; the specials are its last five.
    Returns:
        int64 (C,).
    """
    shift = n_characters - N_CHARACTERS
    inner = codes
    if word in boundaries:
        inner = [shift + (SENTENCE_START_CHARACTER if word == boundaries.start else SENTENCE_END_CHARACTER)]
    row = np.full(max_characters, PAD_CHARACTER + shift, dtype=np.int64)  # (C,)
    row[: len(inner) + 2] = [BEGIN_WORD + shift, *inner, END_WORD + shift]
    return row


def encode_word(word: str, max_characters: int = 50, boundaries: Boundaries = BOUNDARIES) -> NDArray[np.int64]:
    """Spell one word as bytes.

    Args:
        word: any string. Lone surrogates vanish; bytes past `max_characters - 2` are cut, even inside a character;
            the `boundaries` get the rows of the ends of a sentence.
        max_characters: C, the fixed length of a row.
    Returns:
        int64 (C,).
    """
    codes = [byte + 1 for byte in word.encode("utf-8", "ignore")[: max_characters - 2]]
    return spell_with_marks(word, codes, max_characters, boundaries=boundaries)


def encode_words(
    words: Sequence[str], max_characters: int = 50, boundaries: Boundaries = BOUNDARIES
) -> NDArray[np.int64]:
    """Spell words as rows of byte ids, in order: int64 (T, C)."""
    if not words:
        return np.zeros((0, max_characters), dtype=np.int64)
    return np.stack([encode_word(word, max_characters, boundaries) for word in words])  # (T, C)
