"""Sentences of a batch laid out without padding: one step after the other, the longest sentence first in each.

Step t holds token t of every sentence that has one. Sentences stand by falling length, so the rows of a step are the first
ones, and fewer from step to step.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Packing(NamedTuple):
    """Where the tokens of sentences 0, 1, ... lie, N in all, boundaries included."""

    batch_sizes: NDArray[np.int64]  # int64 (T,), sentences that have a token at each step; falls
    reverse_indices: NDArray[
        np.int64
    ]  # int64 (N,), place of the token as far from the end as this one is from the beginning
    unsorted_indices: NDArray[np.int64]  # int64 (N,), places sentence by sentence, token by token


def pack(lengths: Sequence[int]) -> Packing:
    """Lay out sentences.

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
