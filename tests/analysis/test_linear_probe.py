"""The linear probe finds the optimum of scikit-learn, chooses its strength on dev, keeps together what belongs together."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from elmo.analysis import linear_probe
from elmo.analysis.linear_probe import draw_parts, fit_linear

N, D, K = 230, 7, 3


def examples(seed=0, n=N):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, D)) * rng.uniform(0.5, 3, D) + rng.normal(size=D)
    chances = np.exp((x - x.mean(axis=0)) / x.std(axis=0) @ np.random.default_rng(9).normal(size=(D, K)))
    return x.astype(np.float32), np.array([rng.choice(K, p=p / p.sum()) for p in chances])


def probabilities(probe, x):
    scores = x @ probe.weights.numpy() + probe.bias.numpy()
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("strength", [1.0, 0.03, 0.001])
@pytest.mark.parametrize(("few", "within"), [(N, 2e-3), (10, 6e-2)])
def test_the_optimum_is_that_of_scikit_learn(monkeypatch, strength, few, within):
    monkeypatch.setattr(linear_probe, "FEW", few)  # 10: by batches
    monkeypatch.setattr(linear_probe, "_BATCH", 64)
    x, y = examples()
    probe = fit_linear(x, y, K, (x, y), [strength])
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    other = LogisticRegression(C=1 / (strength * N), max_iter=5000, tol=1e-9).fit(scaled, y)
    assert np.abs(probabilities(probe, x) - other.predict_proba(scaled)).max() < within
    assert (probe.predict(x) == other.predict(scaled)).mean() > 0.97
    assert probe.dev_accuracy == 100 * (probe.predict(x) == y).mean()


def test_the_strength_is_the_one_that_is_best_on_dev():
    x, y = examples(n=20)
    dev = examples(seed=1)
    probe = fit_linear(x, y, K, dev)
    alone = {s: fit_linear(x, y, K, dev, [s]).dev_accuracy for s in linear_probe.STRENGTHS_OF_FEW}
    assert probe.dev_accuracy == pytest.approx(max(alone.values()), abs=1)
    assert min(alone.values()) < max(alone.values()) - 2


@pytest.mark.parametrize("few", [N, 10])
def test_a_feature_that_never_changes_and_a_label_that_never_occurs_do_no_harm(monkeypatch, few):
    monkeypatch.setattr(linear_probe, "FEW", few)
    x, y = examples(n=600)
    x[:, 2] = 5
    probe = fit_linear(x, y, K + 1, (x, y))
    assert probe.dev_accuracy > 60
    assert np.isfinite(probe.weights.numpy()).all()
    assert K not in probe.predict(x)


def test_groups_are_not_torn_apart():
    groups = np.repeat(np.arange(40), [1, 2, 3, 4] * 10)
    learned, dev = draw_parts(groups, seed=3)
    assert sorted([*learned, *dev]) == list(range(len(groups)))
    assert not set(groups[learned]) & set(groups[dev])
    assert len(set(groups[dev])) == 4
    assert dev.tolist() != draw_parts(groups, seed=4)[1].tolist()
