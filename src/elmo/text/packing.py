"""Sentences of a batch packed without padding, step after step, as PyTorch's `PackedSequence`.

Step t contains token t of every sentence that is long enough. Sentences are sorted by falling length, so the rows of a step are
the first ones, and their number falls from step to step.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Packing(NamedTuple):
    """The positions of the tokens of sentences 0, 1, ..., N in all, boundaries included."""

    batch_sizes: NDArray[np.int64]  # int64 (T,), number of sentences with a token at each step; falls
    reverse_indices: NDArray[
        np.int64
    ]  # int64 (N,), position of the token that is as far from the end as this one is from the beginning
    unsorted_indices: NDArray[np.int64]  # int64 (N,), positions sentence by sentence, token by token


def pack(lengths: Sequence[int]) -> Packing:
    """Pack sentences.

    Args:
        lengths: tokens of each sentence, boundaries included, at least one; falling.
    """
    length = np.asarray(lengths, dtype=np.int64)  # (B,)
    B, T = len(length), int(length[0]) if len(length) else 0
    batch_sizes = np.searchsorted(-length, -np.arange(T), side="left")  # (T,): how many lengths are greater than t
    starts = np.concatenate([[0], np.cumsum(batch_sizes)])  # (T + 1,)
    step = np.repeat(np.arange(T), batch_sizes)  # (N,)
    row = np.arange(len(step)) - starts[step]
    reverse_indices = starts[length[row] - 1 - step] + row
    inner = np.concatenate([np.arange(n) for n in length.tolist()]) if B else step
    unsorted_indices = starts[inner] + np.repeat(np.arange(B), length)
    return Packing(batch_sizes, reverse_indices, unsorted_indices)
