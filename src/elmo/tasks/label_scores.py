"""How good labels are: F1 and calibration, in percent."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.tasks.bootstrap import Counts

_SHARPEST = 100.0  # 1 / temperature


class F1(NamedTuple):
    """F1 = 2 tp / (2 tp + fp + fn)."""

    macro: NDArray[np.float64]  # (...,), mean over labels that are true or said anywhere
    micro: NDArray[np.float64]  # (...,), of all decisions together
    by_label: NDArray[np.float64]  # (..., K); NaN: neither true nor said


def f1_of_counts(right: Counts, said: Counts, true: Counts) -> F1:
    """F1 of K labels from how often each was said rightly, said at all, and true: (..., K) each; 0 where nothing is."""
    both = (said + true).astype(np.float64)
    by_label = 200 * right / np.where(both > 0, both, np.nan)
    macro = np.nansum(by_label, axis=-1) / np.maximum(1, (both > 0).sum(axis=-1))
    return F1(macro, 200 * right.sum(axis=-1) / np.maximum(1, both.sum(axis=-1)), by_label)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature that makes softmax(logits / temperature) most likely (Guo et al. 2017), between 0.01 and 100.

    The likelihood is concave in 1 / temperature; where its slope is 0 is found by halving an interval.

    Args:
        logits: (n, K). labels: int64 (n,).
    """
    z = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)  # (n, K)
    of_truth = z[np.arange(len(z)), labels]

    def slope(sharpness: float) -> float:
        weights = np.exp(sharpness * z)
        return float((of_truth - (weights * z).sum(axis=1) / weights.sum(axis=1)).mean())

    low, high = 1 / _SHARPEST, _SHARPEST
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return float(1 / np.sqrt(low * high))


def calibration_error(shares: NDArray[np.float64], right: NDArray[np.bool_], n_bins: int = 15) -> float:
    """Expected calibration error (Naeini et al. 2015): how far what is claimed is from what is true, mean over examples.

    Args:
        shares: (n,) the probability of the label that was said, 0 to 1. right: bool (n,).
        n_bins: of equal width.
    """
    bins = np.minimum((shares * n_bins).astype(np.int64), n_bins - 1)
    gaps = np.bincount(bins, weights=shares - right, minlength=n_bins)
    return 100 * float(np.abs(gaps).sum() / len(shares))
