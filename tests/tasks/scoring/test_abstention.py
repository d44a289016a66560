"""What a threshold is worth: by hand, and the area under the curve beside that of scikit-learn."""

import numpy as np
import pytest
import sklearn.metrics

from elmo.tasks.examples import Example
from elmo.tasks.predictions import Labelled
from elmo.tasks.scoring.abstention import default_threshold, scope_scores


def case(*rows):
    examples = [Example([], [true], "", 1) for true, _, _ in rows]
    return examples, [Labelled([predicted], {predicted: score, "z": 1 - score}) for _, predicted, score in rows]


def test_a_threshold_keeps_what_is_sure():
    examples, predicted = case(("a", "a", 0.9), ("a", "b", 0.8), ("b", "b", 0.6), ("oos", "a", 0.7), ("oos", "b", 0.55))
    found = scope_scores(examples, predicted, {"a", "b"}, 0.75)
    assert found == pytest.approx(
        {
            "min_score": 0.75,
            "in_scope_accuracy": 200 / 3,
            "in_scope_told": 200 / 3,
            "in_scope_told_right": 100 / 3,
            "out_of_scope_recall": 100,
            "in_out_auroc": 100 * 5 / 6,
        }
    )


def test_the_area_is_that_of_another_program():
    rng = np.random.default_rng(0)
    scores = np.round(0.5 + rng.random(60) / 2, 2)  # with ties
    inside = rng.random(60) < 0.6
    examples, predicted = case(
        *[("a" if known else "oos", "a", float(s)) for known, s in zip(inside, scores, strict=True)]
    )
    found = scope_scores(examples, predicted, {"a"}, 0.6)
    assert found["in_out_auroc"] == pytest.approx(100 * sklearn.metrics.roc_auc_score(inside, scores))


def test_the_default_keeps_nineteen_of_twenty_in_scope():
    rows = [("a", "a", 0.5 + i / 100) for i in range(40)] + [("oos", "a", 0.99)] * 10
    examples, predicted = case(*rows)
    least = default_threshold(examples, predicted, {"a"})
    assert sum(p.scores["a"] >= least for p in predicted[:40]) in (38, 39)
    assert default_threshold([], [], {"a"}) == 0
    assert "out_of_scope_recall" not in scope_scores(*case(("a", "a", 0.9)), {"a"}, 0.5)
