"""Confidence intervals of scores: the bootstrap over examples (Efron 1979), for two systems over the same examples (Koehn 2004).

Every score here is a function of counts that are summed over examples, so a draw of examples is a weighting of their counts.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[Any]  # (n, C) of numbers that add up, of each example
ScoreOf = Callable[[Counts], NDArray[np.float64]]  # sums (R, C) -> (R,)

_AT_ONCE = 100  # draws


class Interval(NamedTuple):
    """The middle 95 % of the draws."""

    low: float
    high: float


class Difference(NamedTuple):
    """The score of A minus that of B on the same examples."""

    difference: float
    interval: Interval
    fraction_above: float  # of the draws in which A is better; a tie counts half


def interval(counts: Counts, score: ScoreOf, draws: int = 1000, seed: int = 0) -> Interval:
    """The interval of the score over examples drawn with replacement."""
    return _middle(score(_drawn(counts, draws, seed)))


def difference(
    a: Counts, b: Counts, score_a: ScoreOf, score_b: ScoreOf, draws: int = 1000, seed: int = 0
) -> Difference:
    """The difference between A and B; the same examples are drawn for both.

    Args:
        a, b: of the same examples in the same order.
    """
    found = score_a(_drawn(a, draws, seed)) - score_b(_drawn(b, draws, seed))  # (draws,)
    whole = score_a(a.sum(axis=0, keepdims=True)) - score_b(b.sum(axis=0, keepdims=True))
    return Difference(float(whole[0]), _middle(found), float((found > 0).mean() + (found == 0).mean() / 2))


def _drawn(counts: Counts, draws: int, seed: int) -> Counts:
    """The sums of `draws` draws of as many examples as there are: (draws, C)."""
    rng = np.random.default_rng(seed)
    n = len(counts)
    sums = []
    for start in range(0, draws, _AT_ONCE):
        times = rng.multinomial(n, np.full(n, 1 / n), size=min(_AT_ONCE, draws - start))  # (R, n)
        sums.append(times.astype(np.float64) @ counts)
    return np.concatenate(sums)


def _middle(values: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))
