"""Shares of the training file and seeds: every training is the one that it would be alone, a stopped study goes on, one table."""

import json
from statistics import mean, stdev

import pytest

from conftest import SMALL_TASK, small_model
from elmo.apps.tasks.learning_curve import (
    LearningCurve,
    fractions_of,
    is_learning_curve,
    parts,
    seeds_of,
    train_learning_curve,
)
from elmo.apps.tasks.learning_curve_page import learning_curve_page
from elmo.apps.tasks.train_task import TaskRun, train_task
from elmo.checkpoints.formats.native import save_native
from elmo.errors import ConfigError, OutputError, TrainingError
from elmo.tasks.kinds.registry import task_config
from elmo.tasks.training import TrainingCallback

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")


@pytest.fixture
def study(tmp_path):
    words = ["the bank", "green", "the river .", "lends", "of the town"]
    lines = [{"text": f"{kind} {word}", "label": kind} for word in words for kind in ("money", "river")]
    for name, n in (("train", 4), ("dev", 1)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines * n))
    save_native(small_model(), tmp_path / "model")
    settings = {**SMALL_TASK, "task": "classify", "epochs": 2, "model": str(tmp_path / "model")}
    paths = {name: tmp_path / f"{name}.jsonl" for name in ("train", "dev")}
    run = TaskRun(config=task_config(settings), **paths)
    return LearningCurve(run=run, fractions=[50, 100], seeds=[3, 5], baseline=True)


class Halted(BaseException):
    """As a signal would stop a run."""


class StopsIn(TrainingCallback):
    """Stops in a training after its first epoch."""

    def __init__(self, n):
        self.left = n

    def part(self, name):
        self.left -= 1

    def epoch(self, epoch, name):
        if self.left < 0:
            raise Halted


def test_a_study_has_a_training_for_each_fraction_seed_and_input_in_one_table(study, tmp_path):
    table = train_learning_curve(study, tmp_path / "s", cache=tmp_path / "cache")
    names = {p.name for p in (tmp_path / "s").iterdir() if p.is_dir()}
    assert names == {
        f"{kind}-{percent}-{seed}" for kind in ("elmo", "without") for percent in (50, 100) for seed in (3, 5)
    }
    assert [(row.with_elmo, row.fraction, row.n_examples) for row in table.rows] == [
        (True, 50, 20), (True, 100, 40), (False, 50, 20), (False, 100, 40)
    ]  # fmt: skip
    for row in table.rows:
        assert (row.mean, row.deviation) == (mean(row.scores), stdev(row.scores))
    assert json.loads((tmp_path / "s" / "table.json").read_text()) == table.model_dump()
    page = (tmp_path / "s" / "report.html").read_text("utf-8")
    assert page.count("<polyline") == 2
    assert f"{table.rows[0].mean:.2f} ± {table.rows[0].deviation:.2f}" in page
    alone = study.run.model_copy(update={"config": study.run.config.model_copy(update={"seed": 5, "model": None})})
    facts = train_task(alone, tmp_path / "alone")
    assert facts["dev_accuracy"] == table.rows[3].scores[1]


def test_a_fraction_is_learned_from_as_if_it_were_trained_alone(study, tmp_path):
    train_learning_curve(study, tmp_path / "s", cache=tmp_path / "cache")
    half = study.run.model_copy(update={"config": study.run.config.model_copy(update={"fraction": 50.0, "seed": 3})})
    train_task(half, tmp_path / "alone", cache=tmp_path / "other")
    curves = [
        json.loads((tmp_path / name / "config.json").read_text())["training"]["curve"]
        for name in ("s/elmo-50-3", "alone")
    ]
    for one, other in zip(*curves, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-2)


def test_a_stopped_study_goes_on_and_comes_to_the_same(study, tmp_path):
    whole = train_learning_curve(study, tmp_path / "whole", cache=tmp_path / "cache")
    with pytest.raises(Halted):
        train_learning_curve(study, tmp_path / "s", cache=tmp_path / "cache", watch=StopsIn(2))
    assert sum((p / "config.json").exists() for p in (tmp_path / "s").iterdir()) == 2
    assert train_learning_curve(None, tmp_path / "s", resume=True, cache=tmp_path / "cache") == whole
    assert train_learning_curve(None, tmp_path / "s", resume=True, cache=tmp_path / "cache") == whole
    with pytest.raises(OutputError, match="exists already"):
        train_learning_curve(study, tmp_path / "s")
    (tmp_path / "dev.jsonl").write_text("")
    with pytest.raises(TrainingError, match=r"dev\.jsonl has changed"):
        train_learning_curve(None, tmp_path / "s", resume=True)


def test_one_fraction_has_no_curve_and_one_seed_no_deviation(study, tmp_path):
    alone = study.model_copy(update={"fractions": [100], "seeds": [0], "baseline": False})
    table = train_learning_curve(alone, tmp_path / "s", cache=tmp_path / "cache")
    assert [(row.with_elmo, row.deviation) for row in table.rows] == [(True, None)]
    page = learning_curve_page(table, alone.run)
    assert "<svg" not in page
    assert "±" not in page


def test_a_fraction_that_nothing_can_be_learned_from_is_refused_before_training(study, tmp_path):
    with pytest.raises(ConfigError, match=r"1 % of the training file is too small .*leave it out"):
        train_learning_curve(study.model_copy(update={"fractions": [1, 100]}), tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_study_of_a_baseline_has_no_other(study):
    run = study.run.model_copy(update={"config": study.run.config.model_copy(update={"model": None})})
    assert [p.name for p in parts(study.model_copy(update={"run": run, "fractions": [50]}))] == [
        "without-50-3",
        "without-50-5",
    ]


def test_what_the_options_say():
    assert fractions_of("1,5,20,100") == [1, 5, 20, 100]
    assert (seeds_of("3", 7), seeds_of("0,5,9", 7)) == ([7, 8, 9], [0, 5, 9])
    for wrong in ("", "0", "101", "a", "5,"):
        with pytest.raises(ConfigError, match="--fractions"):
            fractions_of(wrong)
    for wrong in ("", "0", "-1", "a", "3,-1"):
        with pytest.raises(ConfigError, match="--seeds"):
            seeds_of(wrong, 0)


def test_a_study_that_is_to_be_replaced_stays_until_the_new_one_is_whole(study, tmp_path):
    small = study.model_copy(update={"fractions": [100], "seeds": [3], "baseline": False})
    other = small.model_copy(update={"seeds": [5, 6]})
    train_learning_curve(small, tmp_path / "s", cache=tmp_path / "cache")
    before = (tmp_path / "s" / "table.json").read_bytes()
    with pytest.raises(Halted):
        train_learning_curve(other, tmp_path / "s", force=True, cache=tmp_path / "cache", watch=StopsIn(1))
    assert (tmp_path / "s" / "table.json").read_bytes() == before
    assert (tmp_path / "s" / "elmo-100-3" / "config.json").exists()
    assert is_learning_curve(tmp_path / "s")
    table = train_learning_curve(None, tmp_path / "s", resume=True, cache=tmp_path / "cache")
    assert table.seeds == [5, 6]
    assert {p.name for p in (tmp_path / "s").iterdir()} == {
        "elmo-100-5", "elmo-100-6", "report.html", "study.json", "table.json"
    }  # fmt: skip
