"""Which view is best, what means and differences of scores are, correlations."""

import numpy as np
import pytest

from elmo.analysis.probe_scores import (
    Score,
    best_views,
    difference_of,
    mean_over_sets,
    pearson,
    spearman,
)


def test_the_best_view_is_chosen_on_dev_and_brings_its_typed_text():
    def score(view, text, value, dev):
        return Score("pos", "x", "accuracy", "m", view, text, [value], [dev])

    rows = [
        score("a", "clean", 90, 10),
        score("b", "clean", 80, 20),
        score("a", "typed", 1, 10),
        score("b", "typed", 2, 20),
    ]
    assert [(s.view, s.text) for s in best_views(rows)] == [("b", "clean"), ("b", "typed")]


def test_means_are_over_sets_seed_by_seed():
    def score(of, values):
        return Score("sense", of, "logistic", "m", "a", "clean", values, values)

    (found,) = mean_over_sets([score("hard", [10, 20]), score("line", [30, 60])], "sense", "logistic")
    assert (found.of, found.values, found.dev) == ("mean of 2", [20, 40], [20, 40])


def test_a_difference_is_that_of_the_same_examples():
    def score(right):
        return Score("wic", "x", "accuracy", "m", "a", "clean", [0.0, 0.0], [], right)

    found = difference_of(score("21" * 50), score("10" * 50))
    assert found.difference == 50
    assert found.interval == pytest.approx((50, 50))


def test_correlations_are_those_of_the_textbook():
    x, y = np.array([1.0, 2, 3, 4, 4]), np.array([2.0, 1, 4, 3, 9])
    assert pearson(x, y) == pytest.approx(100 * np.corrcoef(x, y)[0, 1])
    assert spearman(x, y) == pytest.approx(100 * np.corrcoef([1, 2, 3, 4.5, 4.5], [2, 1, 4, 3, 5])[0, 1])
    assert pearson(x, np.ones(5)) == 0
