"""Intervals: of a mean they are those of the normal law, and of two systems they see what both share."""

import numpy as np
import pytest

from elmo.tasks.scoring.bootstrap import difference, interval


def percentage(sums):
    return 100 * sums[:, 0] / sums[:, 1]


def test_the_interval_of_a_percentage_is_that_of_the_normal_law():
    rng = np.random.default_rng(0)
    right = (rng.random(2000) < 0.8).astype(int)
    counts = np.stack([right, np.ones_like(right)], axis=1)
    p = right.mean()
    half = 196 * np.sqrt(p * (1 - p) / 2000)
    assert interval(counts, percentage, draws=4000) == pytest.approx((100 * p - half, 100 * p + half), abs=0.15)
    assert interval(counts, percentage) == interval(counts, percentage)


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = 0
    for seed in range(200):
        right = (np.random.default_rng(seed).random(300) < 0.7).astype(int)
        low, high = interval(np.stack([right, np.ones_like(right)], axis=1), percentage, seed=seed)
        held += low <= 70 <= high
    assert 178 <= held <= 199  # 190 +- 3.9 deviations


def test_two_systems_are_drawn_together():
    rng = np.random.default_rng(1)
    b = (rng.random(1000) < 0.7).astype(int)
    a = b.copy()
    a[np.flatnonzero(b == 0)[:20]] = 1  # right wherever B is, and twenty times more
    ones = np.ones(1000, dtype=int)
    found = difference(np.stack([a, ones], 1), np.stack([b, ones], 1), percentage, percentage)
    assert found.difference == pytest.approx(2)
    assert found.interval.low > 1
    assert found.fraction_above == 1
    swapped = difference(np.stack([b, ones], 1), np.stack([a, ones], 1), percentage, percentage)
    assert swapped.fraction_above == 0
