"""The weights by which a score is the probability that the answer is right.

A candidate answer has five features x: the part of the question's idf that its entry covers, the cosine, the margin of its fused
score before the next entry, the log odds of the span by the `qa` task, and whether it is a stored answer. Its score is

    P(right) = 1 / (1 + exp(-(b + w . x)))

with w and b of a ridge-penalized logistic regression on all candidates of labelled questions, then scaled on the best candidate
of each (Platt 1999), since that is the one which is given. "No answer" has the score 1 - P(right) of the best candidate: so each
score is the probability that what is given is right.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from elmo.answers.kb_file import CALIBRATION_FILE
from elmo.errors import CheckpointError, reason_of
from elmo.storage.json_files import read_json
from elmo.tasks.scoring import answer_scores, cmrc_scores

FEATURES = ("coverage", "cosine", "margin", "span_log_odds", "stored")
_RIDGE = 1.0
_RIGHT_F1 = 0.5

Rows = NDArray[np.float64]


class Calibration(BaseModel, frozen=True, extra="forbid"):
    """What `calibration.json` holds.

    Attributes:
        fingerprint: of the model; qa: of the task that reads, None: none does. Scores of others are not calibrated by this.
        weights: of FEATURES; bias: b. vector_weight: of the cosine in the fused score.
        min_score: an answer with a lower score is not given.
        n_questions, n_answerable: that it was fitted on. brier: mean squared error of the scores on them.
    """

    format: Literal["elmo-kb-calibration-1"] = "elmo-kb-calibration-1"
    fingerprint: str
    qa: str | None
    weights: tuple[float, ...] = Field(min_length=len(FEATURES), max_length=len(FEATURES))
    bias: float
    vector_weight: float = Field(ge=0, le=1)
    min_score: float = Field(ge=0, le=1)
    n_questions: int
    n_answerable: int
    brier: float

    def probability(self, features: Sequence[float]) -> float:
        """P(right) of a candidate."""
        return float(sigmoid(self.bias + float(np.dot(self.weights, features))))


def read_calibration(folder: Path) -> Calibration | None:
    """The calibration of a knowledge base; None: it has none.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / CALIBRATION_FILE
    if not path.exists():
        return None
    try:
        return Calibration.model_validate(read_json(path))
    except (OSError, ValueError, ValidationError) as error:
        raise CheckpointError(
            f"{path}: not a calibration ({reason_of(error)}); remove it, or calibrate again"
        ) from error


def is_right(text: str, kind: str, answers: Sequence[str]) -> bool:
    """Whether an answer is right: F1 of at least one half; a sentence or stored answer may also contain a right one."""
    if not answers:
        return False
    measure = cmrc_scores if any(map(cmrc_scores.is_chinese, answers)) else answer_scores
    if measure.f1(text, list(answers)) >= _RIGHT_F1:
        return True
    plain = " ".join(text.casefold().split())
    return kind != "span" and any(" ".join(one.casefold().split()) in plain for one in answers if one.strip())


def fit_logistic(x: Rows, y: Rows) -> tuple[Rows, float]:
    """Ridge-penalized logistic regression by Newton's method; features are standardized for it.

    Args:
        x: float64 (n, F). y: float64 (n,), 0 or 1.
    Returns:
        weights float64 (F,) and bias of the features as they are.
    """
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    deviation = np.where(deviation > 1e-9, deviation, 1.0)
    design = np.concatenate([(x - mean) / deviation, np.ones((len(x), 1))], axis=1)  # (n, F + 1)
    penalty = np.diag([_RIDGE] * x.shape[1] + [1e-6])
    weights = np.zeros(design.shape[1])
    for _ in range(100):
        p = sigmoid(design @ weights)
        gradient = design.T @ (p - y) + penalty @ weights
        curvature = (design.T * (p * (1 - p))) @ design + penalty
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, 2.0 / max(1e-12, float(np.abs(step).max())))  # far steps of separable data
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    w = weights[:-1] / deviation
    return w, float(weights[-1] - w @ mean)


def sigmoid(z: Rows | float) -> Rows:
    """1 / (1 + exp(-z))."""
    found: Rows = 1 / (1 + np.exp(-np.clip(z, -700, 700)))
    return found


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)), between -10 and 10."""
    p = min(max(probability, 1e-9), 1 - 1e-9)
    return min(10.0, max(-10.0, math.log(p / (1 - p))))
