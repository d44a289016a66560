"""Scores of labels: F1 and calibration, in percent."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.tasks.scoring.bootstrap import Counts

_SHARPEST = 100.0  # factor of logits, 1 / temperature
_ROUNDS = 100


class F1(NamedTuple):
    """F1 = 2 tp / (2 tp + fp + fn)."""

    macro: NDArray[np.float64]  # (...,), mean over labels that are gold or predicted anywhere
    micro: NDArray[np.float64]  # (...,), of all decisions together
    by_label: NDArray[np.float64]  # (..., K); NaN: neither gold nor predicted


def f1_of_counts(right: Counts, predicted: Counts, gold: Counts) -> F1:
    """F1 of K labels from the numbers of correct, predicted and gold: (..., K) each; 0 where all are 0."""
    both = (predicted + gold).astype(np.float64)
    by_label = 200 * right / np.where(both > 0, both, np.nan)
    macro = np.nansum(by_label, axis=-1) / np.maximum(1, (both > 0).sum(axis=-1))
    return F1(macro, 200 * right.sum(axis=-1) / np.maximum(1, both.sum(axis=-1)), by_label)


def fit_pool(logits: Sequence[NDArray[np.float32]], labels: NDArray[np.int64]) -> list[float]:
    """Weights of the logits of several models that maximise the likelihood of the softmax of their sum: 0.01 to 100 each.

    The likelihood is concave in all factors together; one after the other is moved to its best, until none moves. The factor of
    one model alone is 1 / its temperature (Guo et al. 2017).

    Args:
        logits: (n, K) of each. labels: int64 (n,).
    """
    wide, nothing = [z.astype(np.float64) for z in logits], np.zeros((1, 1))
    factors = [1.0] * len(logits)
    for _ in range(_ROUNDS):
        before = list(factors)
        for number, own in enumerate(wide):
            others = sum((f * z for i, (f, z) in enumerate(zip(factors, wide, strict=True)) if i != number), nothing)
            factors[number] = _best_factor(own, others, labels)
        if np.allclose(before, factors, rtol=1e-3, atol=0):
            break
    return factors


def _best_factor(logits: NDArray[np.float64], others: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The factor that makes softmax(factor * logits + others) most likely: where its slope is 0, by halving an interval."""
    above = logits - logits[np.arange(len(logits)), labels][:, None]  # (n, K), the logit of the gold label

    def slope(factor: float) -> float:
        z = factor * above + others  # (n, K)
        weights = np.exp(z - z.max(axis=1, keepdims=True))
        return -float(((weights * above).sum(axis=1) / weights.sum(axis=1)).mean())

    low, high = 1 / _SHARPEST, _SHARPEST
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return float(np.sqrt(low * high))


def calibration_error(probs: NDArray[np.float64], right: NDArray[np.bool_], n_bins: int = 15) -> float:
    """Expected calibration error (Naeini et al. 2015): how far probabilities are from accuracies, mean over examples.

    Args:
        probs: (n,) the probability of the predicted label, 0 to 1. right: bool (n,).
        n_bins: of equal width.
    """
    bins = np.minimum((probs * n_bins).astype(np.int64), n_bins - 1)
    gaps = np.bincount(bins, weights=probs - right, minlength=n_bins)
    return 100 * float(np.abs(gaps).sum() / len(probs))
