"""The study of a search: what is drawn, pruned and important follows from the ended trials alone, whatever was killed."""

import math

import pytest

from elmo.apps.tuning.search_space import Dimension
from elmo.apps.tuning.study import FEWEST_FOR_IMPORTANCE, Study, TrialRecord
from elmo.errors import TrainingError

SPACE = [
    Dimension(key="rate", low=0.001, high=1.0, log=True),
    Dimension(key="cells", low=1, high=4, whole=True),
    Dimension(key="colour", choices=["red", "blue"]),
]


def open_study(folder, pruning="median", maximize=True, seed=3, space=SPACE, first=None):
    folder.mkdir(exist_ok=True)
    return Study(folder / "journal.log", space, maximize, seed, pruning, first or {})


def train(study, n_epochs=9):
    """A trial that depends on `rate` far more than on `cells`, and not on `colour`."""
    values, judge, steps = study.draw(), study.judge(), {}
    for epoch in range(1, n_epochs + 1):
        steps[epoch] = 0.3 * epoch + 0.1 * values["cells"] - 2 * abs(math.log10(values["rate"]) + 1.5)
        if judge.prunes(epoch, steps[epoch]):
            return record(study, values, steps, None)
    return record(study, values, steps, steps[n_epochs])


def record(study, values, steps, score):
    outcome = "pruned" if score is None else "complete"
    return TrialRecord(number=len(study.records()), values=values, outcome=outcome, score=score, steps=steps)


@pytest.mark.parametrize("pruning", ["median", "hyperband", "none"])
def test_a_study_that_is_opened_anew_before_each_trial_is_the_unbroken_one(tmp_path, pruning):
    whole = open_study(tmp_path / "a", pruning)
    for _ in range(20):
        whole.add(train(whole))
        again = open_study(tmp_path / "b", pruning)
        again.add(train(again))
    assert whole.records() == again.records() == open_study(tmp_path / "a", pruning).records()
    n_pruned = sum(r.outcome == "pruned" for r in whole.records())
    assert 0 < n_pruned < 16 if pruning != "none" else n_pruned == 0
    assert all(len(r.steps) < 9 for r in whole.records() if r.outcome == "pruned" and pruning == "median")
    assert whole.best() == max(
        (r for r in whole.records() if r.score is not None), key=lambda r: (r.score, -r.number)
    )  # fmt: skip


def test_values_lie_in_the_space_differ_by_seed_and_are_never_tried_twice(tmp_path):
    study, other = open_study(tmp_path / "a"), open_study(tmp_path / "b", seed=4)
    for _ in range(8):
        study.add(train(study))
    for r in study.records():
        assert 0.001 <= r.values["rate"] <= 1
        assert r.values["cells"] in (1, 2, 3, 4)
        assert isinstance(r.values["cells"], int)
        assert r.values["colour"] in ("red", "blue")
    assert other.draw() != study.records()[0].values
    small = open_study(tmp_path / "c", space=[SPACE[2], Dimension(key="n", low=1, high=2, whole=True)])
    tried = []
    while (values := small.draw()) is not None:
        tried.append(tuple(values.items()))
        small.add(record(small, values, {}, 1.0))
    assert len(tried) == len(set(tried)) == 4


def test_the_first_trial_has_the_values_that_are_known(tmp_path):
    study = open_study(tmp_path / "a", first={"cells": 3, "colour": "blue"})
    values = study.draw()
    assert (values["cells"], values["colour"]) == (3, "blue")
    study.add(record(study, values, {}, 1.0))
    assert study.draw() != values


def test_the_lower_score_is_the_better_one_of_a_perplexity(tmp_path):
    study = open_study(tmp_path / "a", maximize=False)
    for score in (5.0, 3.0, None, 3.0, 9.0):
        study.add(record(study, study.draw(), {1: 1.0}, score))
    assert study.best().number == 1


def test_a_failed_trial_keeps_its_reason_and_is_no_best(tmp_path):
    study = open_study(tmp_path / "a")
    failed = TrialRecord(
        number=0, values=study.draw(), outcome="failed", score=None, steps={1: 9.0}, reason="not finite"
    )
    study.add(failed)
    assert open_study(tmp_path / "a").records() == [failed]
    assert study.best() is None
    assert study.draw() is not None


def test_a_half_written_line_is_cut_off_and_damage_is_reported(tmp_path):
    study = open_study(tmp_path / "a")
    for _ in range(3):
        study.add(train(study))
    journal, records = tmp_path / "a" / "journal.log", study.records()
    lines = journal.read_bytes().splitlines(keepends=True)
    for n_bytes in (1, len(lines[-1]) // 2, len(lines[-1]) - 1):
        journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:n_bytes])
        again = open_study(tmp_path / "a")
        assert again.records() == records[:2]
        again.add(train(again))
        assert again.records() == records
    journal.write_bytes(lines[0][:9])  # killed while the study was made
    assert open_study(tmp_path / "a").records() == []
    journal.write_bytes(b"".join([*lines[:2], b"{nothing\n", *lines[3:]]))
    with pytest.raises(TrainingError, match=r"journal\.log: cannot be read .*; restore a copy, or start a new search"):
        open_study(tmp_path / "a")


def test_what_mattered_is_what_the_score_depends_on(tmp_path):
    study = open_study(tmp_path / "a", "none")
    for _ in range(FEWEST_FOR_IMPORTANCE - 1):
        study.add(train(study))
    assert study.importance() == {}
    for _ in range(30):
        study.add(train(study))
    found = study.importance()
    assert next(iter(found)) == "rate"
    assert found["rate"] > 0.5
    assert sum(found.values()) == pytest.approx(1)
    assert found == open_study(tmp_path / "a", "none").importance()
