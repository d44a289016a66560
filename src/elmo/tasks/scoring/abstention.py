"""Abstention: the score below which a prediction is withheld, and its effect on texts out of scope.

A text is out of scope if the task was not trained on its label.
"""

from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from elmo.tasks.examples import Example
from elmo.tasks.predictions import Labelled

KEPT = 95  # percent of the texts in scope of the dev file that the default threshold keeps


def default_threshold(examples: Sequence[Example], predicted: Sequence[Labelled], labels: Set[str]) -> float:
    """The score that a fixed fraction of the texts in scope reaches; 0 if there are none."""
    scores = _scores([p for e, p in zip(examples, predicted, strict=True) if set(e.labels) <= labels])
    return float(np.quantile(scores, 1 - KEPT / 100, method="lower")) if len(scores) else 0.0


def scope_scores(
    examples: Sequence[Example],
    predicted: Sequence[Labelled],
    labels: Set[str],
    threshold: float,
    by_scope: bool = False,
) -> dict[str, float]:
    """Coverage and accuracy at a threshold, in percent.

    Args:
        labels: those in scope. threshold: a prediction with a lower score is withheld.
        by_scope: the scores are those of the scope; else the probabilities of the labels.
    Returns:
        min_score or scope_threshold; of texts in scope the accuracy without a threshold, the percent that get a label, and that
        get the right one; of those out of scope the percent that get none, and how often the score of a text in scope is above
        that of one out of scope (AUROC, a tie counts half).
    """
    scores = np.array([p.scope.score for p in predicted if p.scope is not None]) if by_scope else _scores(predicted)
    inside = np.array([set(e.labels) <= labels for e in examples], dtype=bool)
    right = np.array([e.labels == p.labels for e, p in zip(examples, predicted, strict=True)], dtype=bool)
    given = scores >= threshold
    found = {"scope_threshold" if by_scope else "min_score": threshold}
    if inside.any():
        found |= {
            "in_scope_accuracy": _percent(right[inside]),
            "in_scope_told": _percent(given[inside]),
            "in_scope_told_right": _percent((given & right)[inside]),
        }
    if (~inside).any():
        found["out_of_scope_recall"] = _percent(~given[~inside])
    if inside.any() and (~inside).any():
        outside = np.sort(scores[~inside])
        below = sum(np.searchsorted(outside, scores[inside], side) for side in ("left", "right")) / 2
        found["in_out_auroc"] = 100 * float(np.mean(below)) / len(outside)
    return found


def _scores(predicted: Sequence[Labelled]) -> NDArray[np.float64]:
    return np.array([max(p.scores.values()) for p in predicted], dtype=np.float64)


def _percent(found: NDArray[np.bool_]) -> float:
    return 100 * float(found.mean())
