"""Searches: a trial is the training that it would be alone, a stopped search comes to the same, what cannot work is refused."""

import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import elmo.apps.tuning.session as session_module
from conftest import SMALL_TASK, TEXT, small_model
from elmo.apps.tasks.task_recipe import task_run
from elmo.apps.tasks.train_task import train_task
from elmo.apps.tuning.search import Search, trial_name
from elmo.apps.tuning.search_space import read_searches
from elmo.apps.tuning.session import TuneCallback
from elmo.apps.tuning.study import Judge
from elmo.apps.tuning.task_trials import TaskTrials
from elmo.apps.tuning.text_trials import TextTrials
from elmo.apps.tuning.tune import tune
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.errors import ConfigError, OutputError, TextError, TrainingError
from elmo.train.recipe import pretrain_config
from elmo.train.runs.run import Run

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

TINY = {
    "bilm": {
        "char_cnn": {"filters": [[1, 4], [2, 5]], "embedding_size": 4, "n_highway": 1, "max_characters": 12},
        "lstm": {"cell_size": 8, "projection_size": 6, "n_layers": 1},
    },
    "rows": 2,
    "window": 5,
    "epochs": 2,
    "evaluate_every": 6,
    "vocabulary_size": 30,
}
TASK_SPACE = ["cell_size=4..16", "optimizer.learning_rate=0.001..0.05:log", "dropout=0.1,0.4"]
TEXT_SPACE = ["optimizer.learning_rate=0.001..0.05:log", "bilm.lstm.n_layers=1..2"]


class Halted(BaseException):
    """As a signal would stop a search."""


class HaltsAfter(TuneCallback):
    """Halts after so many scores."""

    def __init__(self, n):
        self.left = n

    def score(self, step, score):
        self.left -= 1
        if self.left == 0:
            raise Halted


@pytest.fixture
def of_task(tmp_path):
    words = ["the bank", "green", "the river .", "lends", "of the town"]
    lines = [{"text": f"{kind} {word}", "label": kind} for word in words for kind in ("money", "river")]
    for name, n in (("train", 4), ("dev", 1)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines * n))
    save_native(small_model(), tmp_path / "model")
    settings = {**SMALL_TASK, "task": "classify", "epochs": 3, "model": str(tmp_path / "model")}
    files = {"train_file": tmp_path / "train.jsonl", "dev_file": tmp_path / "dev.jsonl"}
    return search_of(TaskTrials(settings=settings, source="r.toml", **files), TASK_SPACE, 6)


@pytest.fixture
def of_text(tmp_path):
    (tmp_path / "text.txt").write_text(TEXT * 5)
    return search_of(TextTrials(settings=TINY, source="r.toml", corpus=[tmp_path / "text.txt"]), TEXT_SPACE, 4)


def search_of(trained, options, n_trials, **more):
    return Search(trained=trained, space=read_searches({}, options, "r.toml"), n_trials=n_trials, **more)


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def test_a_search_of_a_task_ends_with_a_recipe_that_trains_the_best_trial_again(of_task, tmp_path):
    found = tune(of_task, tmp_path / "s", cache=tmp_path / "cache")
    best = found.table.best
    assert [r.number for r in found.table.trials] == list(range(6))
    assert best.score == max(r.score for r in found.table.trials if r.score is not None)
    assert found.table.score == "dev accuracy"
    run = task_run(tmp_path / "s" / "best.toml", {}, None, None, False, [])
    alone = train_task(run, tmp_path / "alone", cache=tmp_path / "cache")
    assert alone["dev_accuracy"] == best.score
    assert weights(tmp_path / "alone") == weights(tmp_path / "s" / trial_name(best.number))
    assert json.loads((tmp_path / "s" / "trials.json").read_text())["best"]["values"] == best.values
    page = (tmp_path / "s" / "report.html").read_text("utf-8")
    assert all(f"<td>{r.number}</td><td>{r.outcome}</td>" in page for r in found.table.trials)
    assert "What mattered" in page
    facts = found.facts()
    assert (facts["complete"] + facts["pruned"], facts["best"]) == (6, best.score)
    assert facts["best_cell_size"] == best.values["cell_size"]


def test_a_search_of_a_pretraining_run_ends_with_a_recipe_that_trains_the_best_trial_again(of_text, tmp_path):
    found = tune(of_text, tmp_path / "s")
    best = found.table.best
    assert best.score == min(r.score for r in found.table.trials if r.score is not None)
    folder = tmp_path / "s" / trial_name(best.number)
    assert {p.name for p in folder.iterdir() if p.is_dir()} == set()  # the copies of the text are gone
    recipe = tomllib.loads((tmp_path / "s" / "best.toml").read_text())
    again = Run.begin([tmp_path / "text.txt"], tmp_path / "alone", pretrain_config(recipe, []))
    assert round(again.train().heldout.mean, 3) == best.score
    assert weights(tmp_path / "alone") == weights(folder)
    assert load_model(folder).config.bilm.n_layers == best.values["bilm.lstm.n_layers"] + 1
    assert all(set(r.steps) <= set(range(1, 99)) for r in found.table.trials)
    assert len(best.steps) == 4


@pytest.mark.parametrize("kind", ["of_task", "of_text"])
def test_a_search_that_is_halted_again_and_again_comes_to_the_same(kind, request, tmp_path):
    search = request.getfixturevalue(kind)
    whole = tune(search, tmp_path / "whole", cache=tmp_path / "cache")
    n_halts = 0
    for n_scores in (1, 3, 2, 5, 6, 4):
        try:
            tune(
                search if n_halts == 0 else None,
                tmp_path / "s",
                resume=n_halts > 0,
                cache=tmp_path / "cache",
                callback=HaltsAfter(n_scores),
            )
        except Halted:
            n_halts += 1
    assert n_halts > 2
    assert tune(None, tmp_path / "s", resume=True, cache=tmp_path / "cache").table == whole.table
    for record in whole.table.trials:
        if record.outcome == "complete":
            name = trial_name(record.number)
            assert weights(tmp_path / "s" / name) == weights(tmp_path / "whole" / name)
    assert (tmp_path / "s" / "best.toml").read_bytes() == (tmp_path / "whole" / "best.toml").read_bytes()


@pytest.mark.parametrize("kind", ["of_task", "of_text"])
def test_a_pruned_trial_is_trained_no_further(kind, request, tmp_path, monkeypatch):
    search = request.getfixturevalue(kind).model_copy(update={"n_trials": 2})
    monkeypatch.setattr(Judge, "prunes", lambda self, step, score: step == 2 and PRUNED[0])
    PRUNED[0] = False
    whole = tune(search.model_copy(update={"n_trials": 1}), tmp_path / "a", cache=tmp_path / "cache").table.trials[0]
    assert len(whole.steps) > 2
    PRUNED[0] = True
    tune(None, tmp_path / "a", resume=True, n_trials=2, cache=tmp_path / "cache")
    pruned = json.loads((tmp_path / "a" / "trials.json").read_text())["trials"][1]
    assert (pruned["outcome"], pruned["score"], set(pruned["steps"])) == ("pruned", None, {"1", "2"})
    assert not (tmp_path / "a" / "trial-001" / "model.safetensors").exists()
    assert not (tmp_path / "a" / "trial-001" / "checkpoint").exists()
    assert not (tmp_path / "a" / "trial-001" / "checkpoints").exists()


def test_a_trial_that_was_halted_is_judged_by_its_scores_from_before(of_task, tmp_path, monkeypatch):
    monkeypatch.setattr(Judge, "prunes", lambda self, step, score: step == 3)
    one = of_task.model_copy(update={"n_trials": 1})
    with pytest.raises(Halted):
        tune(one, tmp_path / "s", cache=tmp_path / "cache", callback=HaltsAfter(2))
    (record,) = tune(None, tmp_path / "s", resume=True, cache=tmp_path / "cache").table.trials
    assert (record.outcome, set(record.steps)) == ("pruned", {1, 2, 3})


PRUNED = [False]


def test_a_trial_that_diverges_fails_and_the_search_goes_on(of_task, tmp_path):
    space = ["optimizer.learning_rate=0.01,1e30", "cell_size=4,8"]
    found = tune(search_of(of_task.trained, space, 9), tmp_path / "s", cache=tmp_path / "cache")
    assert found.ended == "every combination was tried"
    outcomes = {r.values["optimizer.learning_rate"]: r.outcome for r in found.table.trials}
    assert outcomes == {"0.01": "complete", "1e30": "failed"}
    assert any("the loss is not finite" in (r.reason or "") for r in found.table.trials)
    assert found.facts()["failed"] == 2
    only = search_of(of_task.trained, ["optimizer.learning_rate=1e29,1e30"], 2)
    with pytest.raises(TrainingError, match=r"none of 2 trials could be trained; the first: .*not finite"):
        tune(only, tmp_path / "t", cache=tmp_path / "cache")


def test_the_time_of_a_session_ends_it_within_a_trial_and_more_trials_can_be_added(of_task, tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(session_module.time, "monotonic", lambda: clock[0])

    class Clock(TuneCallback):
        def score(self, step, score):
            clock[0] += 20

    first = tune(of_task, tmp_path / "s", cache=tmp_path / "cache", max_minutes=1.1, callback=Clock())
    assert (first.ended, len(first.table.trials)) == ("time was up", 1)
    assert (tmp_path / "s" / "trial-001" / "checkpoint").exists()
    assert (tmp_path / "s" / "best.toml").exists()
    nothing = tune(of_task, tmp_path / "t", cache=tmp_path / "cache", max_minutes=0)
    assert (nothing.ended, nothing.table.best, nothing.facts()["trials"]) == ("time was up", None, 0)
    monkeypatch.undo()
    more = tune(None, tmp_path / "s", resume=True, cache=tmp_path / "cache", n_trials=7)
    assert more.table == tune(of_task, tmp_path / "u", cache=tmp_path / "cache", n_trials=7).table


def test_a_search_that_is_replaced_stays_until_the_new_one_has_ended(of_task, tmp_path):
    tune(of_task.model_copy(update={"n_trials": 1}), tmp_path / "s", cache=tmp_path / "cache")
    before = (tmp_path / "s" / "trials.json").read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        tune(of_task, tmp_path / "s")
    with pytest.raises(Halted):
        tune(of_task, tmp_path / "s", force=True, cache=tmp_path / "cache", callback=HaltsAfter(2))
    assert (tmp_path / "s" / "trials.json").read_bytes() == before
    found = tune(None, tmp_path / "s", resume=True, cache=tmp_path / "cache")
    assert len(found.table.trials) == 6
    assert not (tmp_path / "s" / "next").exists()
    (tmp_path / "s" / "mine.txt").write_text("a file of the user")
    with pytest.raises(OutputError, match=r"also contains mine\.txt"):
        tune(of_task, tmp_path / "s", force=True)


def test_what_cannot_work_leaves_no_folder(of_task, of_text, tmp_path):
    wrong = of_task.trained.model_copy(update={"dev_file": tmp_path / "nothing.jsonl"})
    with pytest.raises(TextError, match="nothing"):
        tune(of_task.model_copy(update={"trained": wrong}), tmp_path / "s")
    with pytest.raises(ConfigError, match="dropout: Input should be less than 1"):
        tune(search_of(of_task.trained, ["dropout=0.5..2"], 3), tmp_path / "s")
    (tmp_path / "one.txt").write_text("one sentence\n")
    short = of_text.trained.model_copy(update={"corpus": [tmp_path / "one.txt"]})
    with pytest.raises(TextError, match="one sentence in the corpus"):
        tune(of_text.model_copy(update={"trained": short}), tmp_path / "s")
    piped = of_text.trained.model_copy(update={"corpus": [Path("-")]})
    with pytest.raises(ConfigError, match="every trial reads the text anew"):
        tune(of_text.model_copy(update={"trained": piped}), tmp_path / "s")
    odd = tmp_path / os.fsdecode(b"\xff.jsonl")
    odd.write_bytes((tmp_path / "dev.jsonl").read_bytes())
    unsavable = of_task.trained.model_copy(update={"dev_file": odd})
    with pytest.raises(ConfigError, match="the name is not UTF-8"):
        tune(of_task.model_copy(update={"trained": unsavable}), tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_search_is_continued_on_unchanged_files_only(of_task, tmp_path):
    tune(of_task.model_copy(update={"n_trials": 1}), tmp_path / "s", cache=tmp_path / "cache")
    (tmp_path / "dev.jsonl").write_text("")
    with pytest.raises(TrainingError, match=r"dev\.jsonl has changed"):
        tune(None, tmp_path / "s", resume=True)
    with pytest.raises(TrainingError, match="no run to continue"):
        tune(None, tmp_path / "nothing", resume=True)


def test_a_search_without_optuna_is_refused_with_the_command_that_installs_it(of_task, tmp_path, monkeypatch):
    monkeypatch.setattr("elmo.apps.tuning.study.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'elmo-lm\[tune\]'"):
        tune(of_task, tmp_path / "s")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["of_task", "of_text"])
def test_a_search_killed_again_and_again_ends_as_the_unbroken_one(kind, request, tmp_path):
    search = request.getfixturevalue(kind)
    longer = {"epochs": 8, "checkpoint_minutes": 0.0005} if kind == "of_text" else {"epochs": 40}
    trained = search.trained.model_copy(update={"settings": search.trained.settings | longer})
    search = search.model_copy(update={"trained": trained, "n_trials": 4})
    whole = tune(search, tmp_path / "whole", cache=tmp_path / "cache")
    with pytest.raises(Halted):
        tune(search, tmp_path / "s", cache=tmp_path / "cache", callback=HaltsAfter(1))
    command = [sys.executable, "-m", "elmo", "tune", "--resume", "-o", str(tmp_path / "s")]
    command += ["--cache", str(tmp_path / "cache")] if kind == "of_task" else []
    n_kills = 0
    for patience in (0.1, 0.6, 0.3, 1.0):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stderr.readline()  # a trial has begun
        time.sleep(patience)
        n_kills += process.poll() is None
        process.kill()
        process.communicate()
    assert n_kills >= 2
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "s" / "trials.json").read_bytes() == (tmp_path / "whole" / "trials.json").read_bytes()
    for record in whole.table.trials:
        if record.outcome == "complete":
            name = trial_name(record.number)
            assert weights(tmp_path / "s" / name) == weights(tmp_path / "whole" / name)
