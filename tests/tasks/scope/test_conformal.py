"""The threshold keeps what it promises: by its definition, and by simulation."""

import importlib
import math

import numpy as np
import pytest

from elmo.errors import ConfigError
from elmo.tasks.scope.conformal import conformal_threshold, least_calibration


@pytest.mark.parametrize("keep", [0.5, 0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [1, 5, 19, 20, 99, 150])
def test_it_is_the_order_statistic_of_the_definition(n, keep):
    scores = np.random.default_rng(n).random(n)
    found = conformal_threshold(scores, keep)
    k = math.floor(round((n + 1) * (1 - keep), 9))  # so many of n + 1 may be lost
    assert found == (np.sort(scores)[k - 1] if k else 0.0)
    assert (k == 0) == (n < least_calibration(keep))


@pytest.mark.parametrize(("n", "keep"), [(19, 0.95), (60, 0.9), (100, 0.95), (30, 0.8)])
def test_a_text_in_scope_is_kept_as_often_as_is_promised(n, keep):
    rng = np.random.default_rng(0)
    draws = 4000
    kept = []
    for _ in range(draws):
        scores = rng.beta(5, 1, size=n + 1)
        kept.append(scores[-1] >= conformal_threshold(scores[:-1], keep))
    error = 4 * math.sqrt(keep * (1 - keep) / draws)
    assert keep - error <= np.mean(kept) <= keep + 1 / (n + 1) + error


def test_ties_are_kept_together():
    scores = np.array([0.2] * 10 + [0.9] * 90)
    assert conformal_threshold(scores, 0.95) == 0.2
    assert conformal_threshold(scores, 0.85) == 0.9
    assert conformal_threshold(np.array([0.5, 0.6]), 0.95) == 0.0


def test_without_crepes_it_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=r"pip install 'elmo-lm\[scope\]'"):
        conformal_threshold(np.array([0.5]), 0.5)
