"""Scores of labels equal scikit-learn's."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax
from sklearn import metrics

from elmo.tasks.scoring.label_scores import calibration_error, f1_of_counts, fit_pool


@pytest.mark.parametrize("seed", range(20))
def test_f1_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    true, predicted = rng.random((2, 25, 4)) < 0.4
    found = f1_of_counts((true & predicted).sum(0), predicted.sum(0), true.sum(0))
    assert found.macro == pytest.approx(100 * metrics.f1_score(true, predicted, average="macro"))
    assert found.micro == pytest.approx(100 * metrics.f1_score(true, predicted, average="micro"))
    assert found.by_label == pytest.approx(100 * metrics.f1_score(true, predicted, average=None))


def test_f1_leaves_out_labels_that_are_neither_gold_nor_predicted():
    right, predicted, true = np.array([[[1, 0, 0], [0, 0, 0]], [[2, 0, 0], [0, 0, 0]], [[1, 1, 0], [0, 0, 0]]])
    found = f1_of_counts(right, predicted, true)  # of two draws at once
    assert found.macro == pytest.approx([100 * (2 / 3 + 0) / 2, 0])
    assert found.micro == pytest.approx([50, 0])


@pytest.mark.parametrize(("seed", "scale"), [(0, 1.0), (1, 5.0), (2, 0.2)])
def test_the_temperature_is_the_most_likely_one(seed, scale):
    rng = np.random.default_rng(seed)
    logits = scale * rng.standard_normal((400, 5))
    probs = np.exp(log_softmax(logits / scale, axis=1))
    labels = np.array([rng.choice(5, p=row) for row in probs])

    def nats(log_t):
        return -log_softmax(logits / np.exp(log_t), axis=1)[np.arange(400), labels].mean()

    best = np.exp(minimize_scalar(nats, bounds=(-5, 5), method="bounded").x)
    assert 1 / fit_pool([logits.astype(np.float32)], labels)[0] == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_pool_of_two_models_is_the_most_likely_one(seed):
    rng = np.random.default_rng(seed)
    own, other, noise = rng.standard_normal((3, 500, 4))
    probs = np.exp(log_softmax(1.5 * own + 0.5 * other, axis=1))
    labels = np.array([rng.choice(4, p=row) for row in probs])
    logits = [2 * own + 0.3 * other, other + 0.2 * noise]

    def nats(factors):
        return -log_softmax(factors[0] * logits[0] + factors[1] * logits[1], axis=1)[np.arange(500), labels].mean()

    best = minimize(nats, [1.0, 1.0], method="L-BFGS-B", bounds=[(0.01, 100)] * 2).x
    assert fit_pool([z.astype(np.float32) for z in logits], labels) == pytest.approx(best, rel=0.02)


def test_a_model_that_knows_nothing_is_hardly_heard():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    good, bad = 3.0 * np.eye(3)[labels] + rng.standard_normal((300, 3)), -2.0 * np.eye(3)[labels]
    factors = fit_pool([good.astype(np.float32), bad.astype(np.float32)], labels)
    assert factors[0] > 0.5
    assert factors[1] == pytest.approx(0.01, rel=1e-3)


def test_a_temperature_stays_within_its_bounds():
    logits = np.array([[5.0, 0.0], [0.0, 5.0]], np.float32)
    assert 1 / fit_pool([logits], np.array([0, 1]))[0] == pytest.approx(0.01, rel=1e-6)
    assert 1 / fit_pool([logits], np.array([1, 0]))[0] == pytest.approx(100, rel=1e-6)


def test_calibration_error_is_the_gap_of_each_bin():
    probs = np.array([0.05, 0.95, 0.95, 0.95, 1.0])
    right = np.array([False, True, True, False, True])
    # bins of a tenth: |0.05 - 0| * 1 and |3.85 - 3| in the last
    assert calibration_error(probs, right, 10) == pytest.approx(100 * (0.05 + 0.85) / 5)
    assert calibration_error(np.full(4, 0.5), np.array([True, False, True, False])) == 0
