"""Labelled questions -> the calibration of a knowledge base (`calibration.py` has the formula)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elmo.answers.calibration import Calibration, Rows, fit_logistic, is_right, sigmoid
from elmo.answers.kb_file import CALIBRATION_FILE
from elmo.answers.knowledge_base import KnowledgeBase
from elmo.errors import TextError
from elmo.storage.atomic import atomic_write

_WEIGHTS_TRIED = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)  # of the vectors
_LEAST = 10  # labelled questions


class LabelledQuestion(NamedTuple):
    """A question with its right answers; none: the texts do not answer it."""

    question: str
    answers: Sequence[str] = ()


def calibrate(
    kb: KnowledgeBase, questions: Iterable[LabelledQuestion | tuple[str, Sequence[str]]], *, min_score: float = 0.5
) -> Calibration:
    """Fit the scores of a knowledge base on labelled questions, and store the calibration in its folder.

    The knowledge base uses it from now on, also when it is loaded again. Also the weight of the vectors is chosen: the smallest
    that finds most answers first.

    Args:
        questions: with their right answers, of which an answer must have half the F1; at least ten, some with an answer.
        min_score: an answer with a lower score is not given; 0.5 gives an answer if it is more likely right than wrong.
    Raises:
        TextError: too few questions, or all with or all without a right answer among the candidates.
    """
    before = kb.calibration, kb.vector_weight
    try:
        return _fitted(kb, [LabelledQuestion(*one) for one in questions], min_score)
    except BaseException:
        kb.calibration, kb.vector_weight = before
        raise


def _fitted(kb: KnowledgeBase, labelled: list[LabelledQuestion], min_score: float) -> Calibration:
    if len(labelled) < _LEAST:
        raise TextError(f"{len(labelled)} labelled questions; give at least {_LEAST}, with and without an answer")
    answerable = [one for one in labelled if one.answers]
    weight = kb.vector_weight
    if answerable:
        kb.calibration = None
        hits = {
            tried: sum(kb.finds(one.question, one.answers, tried) for one in answerable) for tried in _WEIGHTS_TRIED
        }
        weight = max(hits, key=lambda tried: (hits[tried], -tried))
    kb.vector_weight = weight
    features, right, groups = [], [], []
    for number, one in enumerate(labelled):
        for candidate in kb.candidates(one.question):
            features.append(candidate.features)
            right.append(is_right(candidate.text, candidate.kind, one.answers))
            groups.append(number)
    x, y = np.array(features, np.float64), np.array(right, np.float64)
    if len(set(right)) < 2:
        which = "all are" if right and right[0] else "none is"
        raise TextError(f"of the {len(right)} candidate answers {which} right; give questions of both kinds")
    w, b = fit_logistic(x, y)
    logits = x @ w + b
    best = _best_of_groups(logits, np.array(groups))
    scale, shift = 1.0, 0.0
    if len(set(y[best])) > 1:
        (scale,), shift = fit_logistic(logits[best, None], y[best])
        if scale <= 0:  # then the best would be the worst
            scale, shift = 1.0, 0.0
    chosen = sigmoid(scale * logits[best] + shift)
    found = Calibration(
        fingerprint=kb.file.settings.fingerprint,
        qa=kb.qa_fingerprint,
        weights=tuple((scale * w).tolist()),
        bias=float(scale * b + shift),
        vector_weight=weight,
        min_score=min_score,
        n_questions=len(labelled),
        n_answerable=len(answerable),
        brier=float(np.mean((chosen - y[best]) ** 2)),
    )
    with atomic_write(kb.folder / CALIBRATION_FILE) as part:
        part.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    kb.calibration = found
    return found


def _best_of_groups(logits: Rows, groups: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([max(np.flatnonzero(groups == g), key=lambda k: logits[k]) for g in sorted(set(groups.tolist()))])
