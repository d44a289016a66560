"""Scores of spans: a span is correct if its ends and its label are (CoNLL-2000 and 2003)."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from elmo.tasks.data.tags import Span
from elmo.tasks.scoring.bootstrap import Counts


def span_counts(gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]) -> Counts:
    """For each of n sentences the numbers of correct, predicted and gold spans: (n, 3)."""
    pairs = ((set(a), set(b)) for a, b in zip(gold, predicted, strict=True))
    return np.array([(len(a & b), len(b), len(a)) for a, b in pairs], dtype=np.int64).reshape(-1, 3)


def span_scores(sums: Counts) -> dict[str, NDArray[np.float64]]:
    """f1, precision, recall in percent, from sums (..., 3) of `span_counts`; 0 where there is nothing to count."""
    right, predicted, gold = (sums[..., i] for i in range(3))
    return {
        "f1": 200 * right / np.maximum(1, predicted + gold),
        "precision": 100 * right / np.maximum(1, predicted),
        "recall": 100 * right / np.maximum(1, gold),
    }
