"""Sentences -> padded ids and mask, in batches of similar length, and the way back to the caller's order."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.text.words.characters import PADDING
from elmo.text.words.word_encoder import WordEncoder


class Batch(NamedTuple):
    """Sentences of a batch; each different word is encoded once."""

    rows: NDArray[np.int64]  # int64 (B,), indices of the sentences in the caller's list
    char_ids: NDArray[np.int64]  # int64 (words, C), rows of ids of the different words; row 0 is padding
    word_at: NDArray[np.int64]  # int64 (B, T), row of `char_ids` for each token; 0 is padding
    mask: NDArray[np.bool_]  # bool (B, T), True = token, boundaries included


def encode_batch(sentences: Sequence[Sequence[str]], rows: Sequence[int], word_encoder: WordEncoder) -> Batch:
    """Encode some sentences with their boundaries, padded on the right."""
    start, end = word_encoder.boundaries
    chosen = [[start, *sentences[row], end] for row in rows]
    number_of: dict[str, int] = {}
    T = max((len(words) for words in chosen), default=0)
    word_at = np.zeros((len(chosen), T), dtype=np.int64)  # (B, T)
    for b, words in enumerate(chosen):
        word_at[b, : len(words)] = [number_of.setdefault(word, len(number_of) + 1) for word in words]
    padding = np.full((1, word_encoder.width), PADDING, dtype=np.int64)
    char_ids = np.concatenate([padding, word_encoder.encode(list(number_of))])
    return Batch(np.array(rows, dtype=np.int64), char_ids, word_at, word_at != 0)


def length_batches(lengths: Sequence[int], max_rows: int, max_positions: int) -> Iterator[list[int]]:
    """Group sentences of similar length: lists of indices in `lengths`, each sentence in exactly one of them.

    Args:
        lengths: tokens of each sentence.
        max_rows: maximum number of sentences in a batch.
        max_positions: maximum of rows x longest length in a batch; a longer sentence is a batch of its own.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and (len(batch) == max_rows or (len(batch) + 1) * (lengths[batch[0]] + 2) > max_positions):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
