"""One vector per word from a contextual model: the mean over its occurrences in a text, or the word as a sentence."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers
from elmo.embed.row_stream import embed_rows
from elmo.text.sources.rows import Row
from elmo.text.tokens import Token

_ALONE_AT_ONCE = 4096


def count_words(rows: Iterable[Row], lowercase: bool = False) -> Counter[str]:
    """The count of each word; words that contain white space are left out, because files of vectors cannot store them."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(form_of(token.text, lowercase) for token in row.tokens if len(token.text.split()) == 1)
    return counts


def form_of(word: str, lowercase: bool) -> str:
    """The word form that a token counts as."""
    return word.lower() if lowercase else word


def mean_in_contexts(
    elmo: Elmo,
    rows: Iterable[Row],
    words: Sequence[str],
    layers: Layers = "mean",
    lowercase: bool = False,
    report: Callable[[int, int], None] = lambda line, n_tokens: None,
) -> NDArray[np.float32]:
    """The mean of the vectors of each word over all its occurrences (Bommasani et al. 2020, section 3.1: mean pooling).

    Args:
        words: different words that occur in the rows. layers: not "all".
        report: called with the line and the tokens so far.
    Returns:
        float32 (words, D). The sums are float64: memory is 8 bytes per number, independent of the length of the text.
    """
    number = {word: i for i, word in enumerate(words)}
    total = np.zeros((len(words), elmo.width))  # (V, D)
    counts = np.zeros(len(words))  # (V,)
    n_tokens = 0
    for row, vectors in embed_rows(elmo, rows, layers):
        which = np.array([number.get(form_of(token.text, lowercase), -1) for token in row.tokens], dtype=np.int64)
        np.add.at(total, which[which >= 0], vectors[which >= 0])
        np.add.at(counts, which[which >= 0], 1)
        n_tokens += len(which)
        report(row.line, n_tokens)
    return (total / np.maximum(counts, 1)[:, None]).astype(np.float32)


def without_context(
    elmo: Elmo,
    words: Sequence[str],
    layers: Layers = "mean",
    report: Callable[[int, int], None] = lambda done, n_tokens: None,
) -> NDArray[np.float32]:
    """The vector of each word as a one-word sentence (Bommasani et al. 2020: decontextualised).

    Returns:
        float32 (words, D).
    """
    vectors = np.zeros((len(words), elmo.width), np.float32)
    alone = (Row(i, [Token(word, 0, len(word))]) for i, word in enumerate(words))
    for row, (vector,) in embed_rows(elmo, alone, layers):
        vectors[row.line] = vector
        if (row.line + 1) % _ALONE_AT_ONCE == 0:
            report(row.line + 1, row.line + 1)
    return vectors
