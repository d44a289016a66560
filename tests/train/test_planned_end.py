"""`--max-minutes`: the learning rate falls to the end of the time, and a resume is bit for bit the unbroken run."""

import json
import shutil

import pytest
import torch

from conftest import TEXT
from elmo.checkpoints.load import load_model
from elmo.errors import TrainingError
from elmo.train.config import OptimizerConfig
from elmo.train.planned_end import PlannedEnd, Schedule, read_ends

PEAK = 0.01
SMALL = [
    "bilm.lstm.cell_size=8",
    "bilm.lstm.projection_size=4",
    "bilm.char_cnn.filters=[[1,4],[3,8]]",
    "rows=4",
    "window=7",
]
SMALL += ["bilm.char_cnn.embedding_size=4", "epochs=5000", "log_every=1", "n_negatives=5", "evaluate_every=100000"]
SMALL += [f"optimizer.learning_rate={PEAK}", "optimizer.warmup_steps=20"]


def log_of(run):
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_two_resumes_of_a_planned_run_are_the_same_bit_for_bit(run_elmo, tmp_path):
    from elmo.train import Run

    (tmp_path / "c.txt").write_text(TEXT * 40)
    settings = {key.partition("=")[0]: key.partition("=")[2] for key in SMALL if "filters" not in key}
    run = Run.begin(tmp_path / "c.txt", tmp_path / "a", settings | {"bilm.char_cnn.filters": [[1, 4], [3, 8]]})
    calls = iter(range(999))
    run.train(max_minutes=5, stop=lambda: next(calls) >= 30)  # interrupted when the end was planned
    planned = read_ends(tmp_path / "a")[-1].end_step
    assert planned > 60
    schedule = Schedule(run.settings.recipe.optimizer, planned, read_ends(tmp_path / "a"))
    # A whole run of so many steps is too long for a test: a nearer end, planned for the future, is as good.
    near = PlannedEnd(from_step=40, end_step=60, warmup_steps=4)
    ends = [*read_ends(tmp_path / "a"), near]
    (tmp_path / "a" / "ends.json").write_text(json.dumps([end.model_dump() for end in ends]))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert Run.resume(tmp_path / "a").train().steps == 60
    calls = iter(range(999))
    Run.resume(tmp_path / "b").train(stop=lambda: next(calls) >= 5)
    assert Run.resume(tmp_path / "b").train().steps == 60
    rates = {line["step"]: line["learning_rate"] for line in log_of(tmp_path / "a")}
    assert rates == {line["step"]: line["learning_rate"] for line in log_of(tmp_path / "b")}
    assert rates[36] == schedule.learning_rate(35)
    a, b = (load_model(tmp_path / name) for name in "ab")
    for p, q in zip(
        (*a.bilm.parameters(), *a.softmax.parameters()), (*b.bilm.parameters(), *b.softmax.parameters()), strict=True
    ):
        assert torch.equal(p, q)


def test_a_plan_holds_from_its_step_on_and_voids_later_ones(tmp_path):
    config = OptimizerConfig(learning_rate=1.0, warmup_steps=10, final_share=0.1)
    schedule = Schedule(config, 1000, folder=tmp_path)
    assert (schedule.end_at(0), schedule.learning_rate(999)) == (1000, pytest.approx(0.1, abs=0.01))
    schedule.plan(20, 50, shorter_warmup=True)
    schedule.plan(30, 60, shorter_warmup=True)
    assert [schedule.end_at(step) for step in (19, 20, 29, 30)] == [1000, 50, 50, 60]
    assert schedule.learning_rate(59) < 0.15
    assert [end.warmup_steps for end in read_ends(tmp_path)] == [5, 6]
    schedule.plan(25, 2000)
    assert [(end.from_step, end.end_step) for end in read_ends(tmp_path)] == [(20, 50), (25, 1000)]


def test_a_damaged_plan_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "ends.json").write_text('[{"from_step": -1}]')
    with pytest.raises(TrainingError, match=r"ends\.json: cannot be read") as caught:
        read_ends(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
