"""Standard streams that are closed, full, or left by their reader, in processes of their own; for older commits too."""

import json
import os
import subprocess
import sys

import pytest

LINES = "The bank of the river was green .\nShe put money in the bank .\nThe river runs by the bank .\n" * 4
SIZES = ["cell_size=4", "inputs.word_size=4", "inputs.character_size=4", "batch_size=4", "epochs=3"]
SET = [part for setting in SIZES for part in ("--set", setting)]
TRAIN = ["train", "--task", "classify", "--train", "a.jsonl", "--dev", "a.jsonl", "--baseline", *SET, "-o", "t"]
PRETRAIN = ["pretrain", "--corpus", "t.txt", "-o", "m", "--max-steps", "2", "--set", "rows=2", "--set"]
PRETRAIN += ["bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8"]
full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")


@pytest.fixture
def shell(tmp_path):
    rows = [{"text": f"{a} {b}", "label": a} for a in ("money", "river") for b in ("the bank", "lends", "the") * 4]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "t.txt").write_text(LINES)
    (tmp_path / "long.txt").write_text(LINES * 3000)

    def run(arguments, streams):
        command = f'"{sys.executable}" -m elmo {" ".join(arguments)} {streams}'
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )

    return run


@full
@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["train", "--help"],
        ["tokenize", "t.txt"],
        ["tokenize", "long.txt"],
        ["doctor", "t.txt"],
    ],
    ids=" ".join,
)
def test_output_that_cannot_be_written_is_one_sentence(shell, arguments):
    """B15."""
    ran = shell(arguments, "> /dev/full")
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1), ran.stderr
    assert ran.stderr.startswith("elmo: standard output cannot be written (No space left on device)")


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["tokenize", "long.txt"], ["doctor", "t.txt"], ["doctor", "t.txt", "--json"]],
    ids=" ".join,
)
def test_a_reader_that_leaves_is_no_error(shell, arguments):
    """B15."""
    ran = shell(arguments, '| true; echo "${PIPESTATUS[0]}"')
    assert ran.stdout.strip() in ("0", "141")
    assert ran.stderr == ""


@pytest.mark.parametrize("streams", ["2>&1 | true", "2>&-", "<&- 2>&- >&-", pytest.param("2>/dev/full", marks=full)])
def test_nobody_who_listens_does_not_end_a_training(shell, tmp_path, streams):
    """B15."""
    ran = shell(TRAIN, f'{streams}; echo "${{PIPESTATUS[0]}}" > status')
    assert (tmp_path / "status").read_text().strip() in ("0", "141"), ran.stderr
    assert json.loads((tmp_path / "t" / "config.json").read_text())["training"]["epochs"] == 3
    assert "epoch 1" not in ran.stdout  # what is for standard error goes nowhere else


@pytest.mark.parametrize("streams", ["2>&1 | true", "<&- 2>&- >&-"])
def test_nobody_who_listens_does_not_end_a_pretraining(shell, tmp_path, streams):
    """B15."""
    ran = shell(PRETRAIN, f'{streams}; echo "${{PIPESTATUS[0]}}" > status')
    assert (tmp_path / "status").read_text().strip() in ("0", "141"), ran.stderr
    assert (tmp_path / "m" / "model.safetensors").exists()


@pytest.mark.parametrize("arguments", [["--version"], ["tokenize", "t.txt"], ["info", "none"]], ids=" ".join)
@pytest.mark.parametrize("streams", ["2>&-", "<&-", pytest.param("2>/dev/full", marks=full)])
def test_a_closed_stream_changes_no_status(shell, arguments, streams):
    """B15."""
    plain, ran = shell(arguments, ""), shell(arguments, streams)
    assert (ran.returncode, ran.stdout) == (plain.returncode, plain.stdout)
