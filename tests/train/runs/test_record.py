"""A run is read back whatever became of it."""

import json
from dataclasses import replace

import pytest
import torch

from elmo.errors import OutputError, TrainingError
from elmo.train.perplexity import Perplexity
from elmo.train.run_log import Report
from elmo.train.runs.record import append_begin, append_end, append_report, read_run

LINE = Report(
    step=5, n_steps=50, epoch=0, loss_nats=2.5, gradient_norm=1.0, learning_rate=0.1, tokens_per_s=10.0, seconds=3.0
)


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run.json").write_text('{"recipe": {"softmax": "full"}, "corpus": ["a.txt"], "of tomorrow": 1}')
    return tmp_path


def test_reports_come_back_as_they_were_written(run):
    heldout = Perplexity(forward_nats=0.0, backward_nats=0.0, tokens=1, unknown=0, spelling_bits=0)
    append_report(run, LINE)
    append_report(run, replace(LINE, step=10, loss_nats=float("nan"), heldout=heldout))
    read = read_run(run)
    assert read.curve("loss_nats") == ([5], [2.5])  # a value that is not a number is left out
    assert read.curve("heldout_mean") == ([10], [1.0])
    assert (read.last("step"), read.last("heldout_backward"), read.last("rank")) == (10, 1.0, None)
    assert (read.recipe, read.training, read.n_words) == ({"softmax": "full"}, {}, None)


def test_steps_that_were_trained_again_stand_once(run):
    for step, loss in ((5, 5.0), (10, 4.0), (15, 3.0), (10, 3.5), (12, 3.2)):
        append_report(run, replace(LINE, step=step, loss_nats=loss))
    assert read_run(run).curve("loss_nats") == ([5, 10, 12], [5.0, 3.5, 3.2])


def test_sessions_tell_where_they_began_and_how_they_ended(run):
    append_begin(run, None)
    append_begin(run, "step-000000010")
    append_end(run, 20, "time was up", torch.device("cpu"))
    killed, ended = read_run(run).sessions
    assert "ended" not in killed
    assert (ended["checkpoint"], ended["step"], ended["why"], ended["device"]) == (
        "step-000000010",
        20,
        "time was up",
        "cpu",
    )


def test_lines_cut_short_and_lines_of_other_kinds_are_passed_over_and_counted(run):
    lines = ['{"step": 5, "loss_nats": 1.5, "rank": 0}', '{"step": 1', "[]", '{"step": null}', '{"note": 1}', "\xff"]
    (run / "log.jsonl").write_bytes("\n".join(lines).encode("latin-1"))
    read = read_run(run)
    assert (read.curve("loss_nats"), read.n_unreadable) == (([5], [1.5]), 5)


@pytest.mark.parametrize("text", ["[]", "{", "\xff", "[" * 100_000])
def test_a_folder_that_is_no_run_is_named(tmp_path, text):
    with pytest.raises(TrainingError, match=r"run\.json: no such file; give the folder of a run"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(TrainingError, match=r"run\.json: cannot be read"):
        read_run(tmp_path)


def test_damaged_model_files_leave_the_rest_readable(run):
    (run / "config.json").write_text("{")
    (run / "vocabulary.txt").write_bytes(b"\xff\xfe\n")
    append_report(run, LINE)
    assert (read_run(run).last("step"), read_run(run).model) == (5, {})
    (run / "config.json").write_text(json.dumps({"training": {"heldout_mean": 3.0}}))
    assert read_run(run).training == {"heldout_mean": 3.0}


def test_a_log_that_cannot_be_written_is_named(run):
    (run / "log.jsonl").mkdir()
    with pytest.raises(OutputError, match=r"log\.jsonl: cannot be written \(Is a directory\)"):
        append_report(run, LINE)
