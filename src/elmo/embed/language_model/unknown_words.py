"""What words outside the vocabulary do to the figures of a text: each is charged its spelling, and many of them are warned of.

The softmax predicts all such words as one, `<UNK>`, which is cheap where they are many: a text that the model cannot read would
look well predicted. A code for the text has to spell each of them after its `<UNK>`: 8 bits for each of its bytes in UTF-8, and
8 bits for an end mark. Bits per byte include this charge, and so does every model with which they are compared. Perplexity is
over the closed vocabulary and does not; neither do the bits of single tokens.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MANY_UNKNOWN = 0.15  # of the counted tokens: from here on there is a warning
_BITS_A_BYTE = 8  # every byte is as likely as any other


def spelling_bits(word: str) -> int:
    """Bits of spelling an unknown word after its `<UNK>`, a literal `<unk>` too: 8 for each byte in UTF-8, 8 for the end mark."""
    return _BITS_A_BYTE * (len(word.encode("utf-8", "surrogatepass")) + 1)


def spelling_of_each(words: Sequence[str], unknown: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The `spelling_bits` of each word that is unknown, 0 for all others: int64 (words,)."""
    charged = np.zeros(len(unknown), dtype=np.int64)
    charged[unknown] = [spelling_bits(words[i]) for i in np.flatnonzero(unknown).tolist()]
    return charged


def unknown_words_warning(n_unknown: int, n_tokens: int) -> str | None:
    """The warning of a text with at least 15 % of unknown words; None: there are fewer.

    Args:
        n_tokens: that were counted, boundaries of sentences too.
    """
    if not n_unknown or n_unknown < MANY_UNKNOWN * n_tokens:
        return None
    return (
        f"{n_unknown / n_tokens:.0%} of the words of this text are not in the vocabulary of the model, which predicts them all "
        "as one word, <UNK>; its perplexity and probabilities mean little for such a text; use a model of this language or field"
    )


def warn_of_unknown_words(n_unknown: int, n_tokens: int, levels: int = 1) -> None:
    """Warn by `unknown_words_warning`; the warning names the line so many levels above the caller."""
    text = unknown_words_warning(n_unknown, n_tokens)
    if text is not None:
        warnings.warn(text, stacklevel=levels + 2)
