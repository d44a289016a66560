"""The disk is full while a run writes: what was saved before is whole, and with more room it goes on bit for bit."""

import contextlib
import json
import os
import resource
import subprocess

import pytest

from conftest import quick_recipe
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.load import load_model
from elmo.errors import OutputError
from elmo.train.run_log import Report
from elmo.train.run_state import BEST, checkpoints_of
from elmo.train.runs.begin import start_run
from elmo.train.runs.record import append_report, read_run

N_STEPS = 9


@contextlib.contextmanager
def no_file_beyond(size_bytes):
    """A disk that has room for this much of a file (Python ignores the signal that comes with the error)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk, and not everywhere")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)  # arrays of a run may be open until their memory is collected


@contextlib.contextmanager
def filled(folder, room_bytes):
    """A disk that something else has filled but for some bytes."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    ballast.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - room_bytes)))
    try:
        yield
    finally:
        ballast.unlink()


def started(folder, corpus, **changes):
    start_run([corpus], folder, quick_recipe(**changes), max_steps=N_STEPS)
    return folder


def stopped_after(n_steps):
    """What ends a session there."""
    return iter([False] * (n_steps - 1) + [True] * 9).__next__


def weights(run):
    return (run / "model.safetensors").read_bytes()


def message_of_a_session(run):
    """How the session fails."""
    with pytest.raises(OutputError) as caught:
        continue_run(run)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.endswith("; the last checkpoint is intact: free some space, then --resume")
    assert not list(run.rglob(".elmo-part-*"))
    return message


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before(tmp_path, corpus_file, small_disk):
    whole, run = started(tmp_path / "whole", corpus_file), started(small_disk / "run", corpus_file)
    continue_run(whole)
    continue_run(run, stop=stopped_after(4))
    last = checkpoints_of(run / "checkpoints")[-1]
    kept = {path: path.read_bytes() for path in last.iterdir()}
    with filled(small_disk, room_bytes=40_000):
        message = message_of_a_session(run)
        assert "checkpoints/step-000000005: cannot be written (" in message
        assert "No space left on device" in message
        assert checkpoints_of(run / "checkpoints")[-1] == last
        assert {path: path.read_bytes() for path in last.iterdir()} == kept
        load_model(last)
    assert continue_run(run).finished
    assert weights(run) == weights(whole)


def test_a_disk_that_stays_full_says_so_again_and_changes_nothing(tmp_path, corpus_file, small_disk):
    run = started(small_disk / "run", corpus_file)
    continue_run(run, stop=stopped_after(4))
    with filled(small_disk, room_bytes=40_000):
        for _ in range(3):
            message_of_a_session(run)
            assert load_model(checkpoints_of(run / "checkpoints")[-1]).softmax is not None
    assert continue_run(run).progress.step == N_STEPS


def limit_for_weights(run):
    """Too little for the weights of the run's model, enough for all else that it writes but the moments."""
    return (checkpoints_of(run / "checkpoints")[-1] / "model.safetensors").stat().st_size - 1


@pytest.mark.parametrize("what", ["checkpoint", "best"])
def test_weights_that_do_not_fit_leave_those_before(tmp_path, corpus_file, what):
    often = {"checkpoint": {}, "best": {"checkpoint_minutes": 60, "evaluate_every": 2}}[what]
    whole, run = (started(tmp_path / name, corpus_file, **often) for name in ("whole", "run"))
    continue_run(whole)
    continue_run(run, stop=stopped_after(5))
    checkpoints = run / "checkpoints"
    kept = {path: path.read_bytes() for path in checkpoints.rglob("*") if path.is_file()}
    assert (checkpoints / BEST).exists() == (what == "best")
    with no_file_beyond(limit_for_weights(run)):
        message = message_of_a_session(run)
        assert f"checkpoints/{'step-000000006' if what == 'checkpoint' else BEST}: cannot be written (" in message
        assert "File too large" in message
    assert {path: path.read_bytes() for path in checkpoints.rglob("*") if path.is_file()} == kept
    assert continue_run(run).finished
    assert weights(run) == weights(whole)
    if what == "best":
        assert weights(checkpoints / BEST) == weights(whole / "checkpoints" / BEST)


def test_a_final_model_that_does_not_fit_is_written_by_the_resume(tmp_path, corpus_file):
    whole, run = (started(tmp_path / name, corpus_file) for name in ("whole", "run"))
    continue_run(whole)
    continue_run(run, stop=stopped_after(N_STEPS))  # all steps done, then interrupted
    before = sorted(path.name for path in run.iterdir())
    with no_file_beyond(limit_for_weights(run)):
        assert message_of_a_session(run).startswith(f"{run}: the model cannot be written (")
    assert sorted(path.name for path in run.iterdir()) == before
    assert continue_run(run).finished
    assert weights(run) == weights(whole)


def test_a_log_that_does_not_fit_ends_with_a_whole_line(tmp_path, corpus_file):
    whole, run = (started(tmp_path / name, corpus_file) for name in ("whole", "run"))
    continue_run(whole)
    continue_run(run, stop=stopped_after(4))
    log = run / "log.jsonl"
    kept = log.read_bytes()
    log.write_bytes(b'{"step": 1}\n' * 20_000 + kept)  # as long as no other file
    with no_file_beyond(log.stat().st_size + 100):
        assert message_of_a_session(run).startswith(f"{log}: cannot be written (File too large)")
    assert log.read_bytes().endswith(b"\n" + kept)
    log.write_bytes(kept)
    assert continue_run(run).finished
    assert weights(run) == weights(whole)
    logs = [(folder / "log.jsonl").read_text().splitlines() for folder in (whole, run)]
    losses = [[json.loads(line)["loss_nats"] for line in lines] for lines in logs]
    assert losses[0] == losses[1]


def test_a_line_that_a_crash_cut_short_does_not_spoil_the_next(tmp_path):
    line = Report(7, 9, 0.5, 1.25, 1.0, 0.01, 100.0, 3.0)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "log.jsonl").write_text('{"step": 5, "loss_nats": 2.5}\n{"step": 6, "lo')
    append_report(tmp_path, line)
    record = read_run(tmp_path)
    assert record.curve("loss_nats") == ([5, 7], [2.5, 1.25])
    assert record.n_unreadable == 1
