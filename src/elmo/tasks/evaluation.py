"""Scores of a task model on labelled examples, with the interval of the main score."""

from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from elmo.tasks.examples import Example
from elmo.tasks.kinds.task_model import P, TaskModel
from elmo.tasks.predictions import Labelled
from elmo.tasks.results import Evaluation
from elmo.tasks.scoring.abstention import scope_scores
from elmo.tasks.scoring.bootstrap import Counts, interval


def evaluation_of(
    model: TaskModel[P],
    examples: Sequence[Example],
    predicted: Sequence[P],
    known: Set[str] = frozenset(),
    threshold: float | None = None,
    by_scope: bool = False,
) -> Evaluation:
    """The scores of predictions.

    Args:
        known: labels in scope, where a threshold is given.
        threshold: predictions of one label with a lower score are withheld; None: what that does is not reported.
        by_scope: the threshold is one of scope scores.
    """
    counts = model.counts(examples, predicted)

    def main_score(sums: Counts) -> NDArray[np.float64]:
        return model.scores(sums)[model.main_score]

    scores = {name: float(value) for name, value in model.scores(counts.sum(axis=0)).items()}
    scores |= model.calibration(examples, predicted)
    if threshold is not None:
        labelled = [p for p in predicted if isinstance(p, Labelled)]
        scores |= scope_scores(examples, labelled, known, threshold, by_scope)
    low, high = interval(counts, main_score)
    return Evaluation(
        n_examples=len(examples), main_score=model.main_score, scores=scores, low=float(low), high=float(high)
    )
