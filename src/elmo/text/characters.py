"""Words -> character ids: the one table of special symbols (Peters et al. 2018; bilm-tf, AllenNLP).

A word is its UTF-8 bytes between two marks, filled up to a fixed length:

    [BEGIN_WORD, byte, byte, ..., END_WORD, PAD_CHARACTER, ...]

All ids here are those of inference: 0 marks a padding token (a row of zeros), bytes are 1-256, specials 257-261. The
published `char_embed` has no row for 0; what that means for files is known to `checkpoints.bilm_tf` alone.
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

SENTENCE_START = "<S>"
SENTENCE_END = "</S>"
UNKNOWN = "<UNK>"
UNKNOWN_IN_TEXT = "<unk>"  # how prepared corpora (WikiText, PTB) write an unknown word

_WHOLE_WORDS = {SENTENCE_START: SENTENCE_START_CHARACTER, SENTENCE_END: SENTENCE_END_CHARACTER}


def encode_word(word: str, max_characters: int = 50) -> NDArray[np.int64]:
    """Spell one word as character ids.

    Args:
        word: any string. Lone surrogates vanish; bytes past `max_characters - 2` are cut, even inside a character;
            `<S>` and `</S>` get the rows of the sentence boundaries.
        max_characters: C, the fixed length of a row.
    Returns:
        int64 (C,).
    """
    if word in _WHOLE_WORDS:
        spelling = [_WHOLE_WORDS[word]]
    else:
        spelling = [byte + 1 for byte in word.encode("utf-8", "ignore")[: max_characters - 2]]
    row = np.full(max_characters, PAD_CHARACTER, dtype=np.int64)  # (C,)
    row[: len(spelling) + 2] = [BEGIN_WORD, *spelling, END_WORD]
    return row


def encode_words(words: Sequence[str], max_characters: int = 50) -> NDArray[np.int64]:
    """Spell words as rows of character ids, in order: int64 (T, C)."""
    if not words:
        return np.zeros((0, max_characters), dtype=np.int64)
    return np.stack([encode_word(word, max_characters) for word in words])  # (T, C)
