"""The logistic regression of the features: beside that of scikit-learn; weights are never negative."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from elmo.tasks.scope.combination import PENALTY, fit_combination


def groups(seed, n, m, shift):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(3, 3))
    return rng.normal(size=(n, 3)) @ mixing + shift, rng.normal(size=(m, 3)) @ mixing


def test_it_is_that_of_another_program_where_no_weight_would_be_negative():
    inside, outside = groups(0, 60, 20, [1.0, 2.0, 0.5])
    found = fit_combination(inside, outside)
    x = (np.vstack([inside, outside]) - found.means) / found.deviations
    truth = np.repeat([1, 0], [60, 20])
    n = len(x)
    weights = np.where(truth == 1, n / 120, n / 40)
    other = LogisticRegression(C=1 / (n * PENALTY), tol=1e-10, max_iter=10_000).fit(x, truth, weights)
    assert other.coef_[0].min() > 0
    assert found.weights == pytest.approx(other.coef_[0], abs=1e-4)
    assert found.intercept == pytest.approx(other.intercept_[0], abs=1e-4)
    assert found.probabilities(inside) == pytest.approx(other.predict_proba(x)[:60, 1], abs=1e-4)


def test_a_feature_that_speaks_against_itself_counts_nothing():
    inside, outside = groups(1, 50, 50, [2.0, -2.0, 0.0])
    found = fit_combination(inside, outside)
    assert found.weights.min() == 0
    assert found.weights[0] > 0
    scores = found.probabilities(inside)
    inside[:, np.argmin(found.weights)] -= 5
    assert found.probabilities(inside) == pytest.approx(scores)


def test_groups_of_any_sizes_weigh_the_same():
    inside, outside = groups(2, 40, 40, [1.0, 1.0, 1.0])
    one = fit_combination(inside, outside)
    many = fit_combination(np.repeat(inside, 7, axis=0), outside)
    x = np.vstack([inside, outside])
    assert np.corrcoef(one.probabilities(x), many.probabilities(x))[0, 1] > 0.999
    assert many.probabilities(x).mean() == pytest.approx(one.probabilities(x).mean(), abs=0.02)


def test_features_that_do_not_vary_and_groups_that_are_apart_are_fitted_too():
    inside, outside = np.array([[9.0, 1.0], [8.0, 1.0]]), np.array([[-9.0, 1.0]])
    found = fit_combination(inside, outside)
    assert found.weights[1] == pytest.approx(0, abs=1e-9)
    assert found.probabilities(inside).min() > 0.9
    assert found.probabilities(outside).max() < 0.1
    assert np.isfinite(found.probabilities(np.array([[1e9, 1.0], [-1e9, 1.0]]))).all()
