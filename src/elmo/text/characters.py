"""Words -> character ids: the one table of special symbols (Peters et al. 2018; bilm-tf, AllenNLP).

A word is its UTF-8 bytes between two marks, filled up to a fixed length:

    [BEGIN_WORD, byte, byte, ..., END_WORD, PAD_CHARACTER, ...]

All ids here are those of inference: 0 marks a padding token (a row of zeros), bytes are 1-256, specials 257-261. The
published `char_embed` has no row for 0; what that means for files is known to `checkpoints.bilm_tf` alone. A table of other
characters (`text.alphabet`) has its own number of ids; the five specials are the last of them there as here.
"""

from collections.abc import Sequence

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

_WHOLE_WORDS = {SENTENCE_START: SENTENCE_START_CHARACTER, SENTENCE_END: SENTENCE_END_CHARACTER}


def spell_with_marks(
    word: str, codes: Sequence[int], max_characters: int, n_characters: int = N_CHARACTERS
) -> NDArray[np.int64]:
    """Set the ids of a word's characters between the marks of a word.

    Args:
        word: `<S>` and `</S>` get the rows of the sentence boundaries, whatever their `codes`.
        codes: ids of the word's characters, `max_characters - 2` at most.
        max_characters: C, the fixed length of a row.
        n_characters: ids of the table that `codes` are of; the specials are its last five.
    Returns:
        int64 (C,).
    """
    shift = n_characters - N_CHARACTERS
    inner = [_WHOLE_WORDS[word] + shift] if word in _WHOLE_WORDS else codes
    row = np.full(max_characters, PAD_CHARACTER + shift, dtype=np.int64)  # (C,)
    row[: len(inner) + 2] = [BEGIN_WORD + shift, *inner, END_WORD + shift]
    return row


def encode_word(word: str, max_characters: int = 50) -> NDArray[np.int64]:
    """Spell one word as bytes.

    Args:
        word: any string. Lone surrogates vanish; bytes past `max_characters - 2` are cut, even inside a character;
            `<S>` and `</S>` get the rows of the sentence boundaries.
        max_characters: C, the fixed length of a row.
    Returns:
        int64 (C,).
    """
    codes = [byte + 1 for byte in word.encode("utf-8", "ignore")[: max_characters - 2]]
    return spell_with_marks(word, codes, max_characters)


def encode_words(words: Sequence[str], max_characters: int = 50) -> NDArray[np.int64]:
    """Spell words as rows of byte ids, in order: int64 (T, C)."""
    if not words:
        return np.zeros((0, max_characters), dtype=np.int64)
    return np.stack([encode_word(word, max_characters) for word in words])  # (T, C)
