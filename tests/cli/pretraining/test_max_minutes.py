"""`--max-minutes`: the learning rate falls to the end of the time, and the last line says how to go on."""

import json

import pytest

from conftest import TEXT

PEAK = 0.01
SMALL = [
    "bilm.lstm.cell_size=8",
    "bilm.lstm.projection_size=4",
    "rows=4",
    "window=7",
]
SMALL += ["bilm.char_cnn.embedding_size=4", "epochs=5000", "log_every=1", "n_negatives=5", "evaluate_every=100000"]
SMALL += [f"optimizer.learning_rate={PEAK}", "optimizer.warmup_steps=20"]


def log_of(run):
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


@pytest.fixture
def timed(run_elmo, tmp_path):
    """A run of some seconds that was given five thousand epochs."""
    (tmp_path / "c.txt").write_text(TEXT * 40)
    (tmp_path / "small.toml").write_text("bilm.char_cnn.filters = [[1, 4], [3, 8]]\n")
    words = [word for key in SMALL for word in ("--set", key)]
    files = ["--corpus", tmp_path / "c.txt", "--recipe", tmp_path / "small.toml", "-o", tmp_path / "run"]
    ran = run_elmo("pretrain", *files, *words, "--max-minutes", 0.08)
    assert ran.status == 0, ran.err
    return tmp_path / "run", ran


def test_the_learning_rate_falls_to_the_end_of_the_time(timed):
    run, ran = timed
    lines = log_of(run)
    assert max(line["learning_rate"] for line in lines) > 0.7 * PEAK
    assert lines[-1]["learning_rate"] < 0.25 * PEAK
    assert lines[-1]["seconds"] < 0.08 * 60 + 2
    last = ran.err.splitlines()[-1]
    assert "time was up" in last
    assert f"To train on: --resume -o {run}" in last


def test_a_run_goes_on_after_its_time(timed, run_elmo):
    run, _ = timed
    before = log_of(run)[-1]["step"]
    assert run_elmo("pretrain", "--resume", "-o", run, "--max-minutes", 0.06).status == 0
    lines = [line for line in log_of(run) if line["step"] > before]
    assert lines
    assert lines[-1]["learning_rate"] < 0.7 * max(line["learning_rate"] for line in lines)
