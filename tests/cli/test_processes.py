"""Commands as processes: killed, interrupted, out of room."""

import json
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from conftest import TEXT, small_model
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.train.run_state import checkpoints_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ELMO = [sys.executable, "-m", "elmo"]
TINY = ["bilm.lstm.cell_size=24", "bilm.lstm.projection_size=8", "rows=4", "window=7", "epochs=40", "log_every=10"]


def pretrain(out: Path, corpus: Path, *more: str) -> list[str]:
    settings = [word for setting in TINY for word in ("--set", setting)]
    return [*ELMO, "pretrain", "--corpus", str(corpus), "-o", str(out), *settings, *more]


def wait_for(path: Path, process: subprocess.Popen) -> None:
    while not path.exists() and process.poll() is None:
        time.sleep(0.01)


def parameters(folder: Path) -> list[torch.Tensor]:
    model = load_model(folder)
    return [*model.bilm.parameters(), *model.softmax.parameters()]


def test_a_run_killed_again_and_again_ends_as_the_unbroken_one(tmp_path, corpus_file):
    often = ("--set", "checkpoint_minutes=0.002")
    subprocess.run(pretrain(tmp_path / "whole", corpus_file, *often), check=True, capture_output=True)
    command, out = pretrain(tmp_path / "broken", corpus_file, *often), tmp_path / "broken"
    n_kills = 0
    for patience in (0.0, 0.7, 0.3, 1.1, 0.5, 0.9):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        wait_for(out / "log.jsonl", process)
        time.sleep(patience)
        n_kills += process.poll() is None
        process.kill()
        process.communicate()
        assert all(load_model(kept).softmax is not None for kept in checkpoints_of(out / "checkpoints"))
        command = [*ELMO, "pretrain", "--resume", "-o", str(out)]
    assert n_kills >= 2
    subprocess.run(command, check=True, capture_output=True)
    for whole, broken in zip(parameters(tmp_path / "whole"), parameters(out), strict=True):
        assert torch.equal(whole, broken)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_with_status_130_and_says_how_to_go_on(tmp_path, corpus_file, number):
    out = tmp_path / "run"
    process = subprocess.Popen(pretrain(out, corpus_file, "--set", "epochs=4000"), stderr=subprocess.PIPE, text=True)
    wait_for(out / "log.jsonl", process)
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == 130
    last = errors.splitlines()[-1]
    assert re.search(rf"interrupted at step [\d,]+; saved in {out}/checkpoints/step-\d+; continue with --resume", last)
    resumed = [*ELMO, "pretrain", "--resume", "-o", str(out), "--max-minutes", "0.01", "--json"]
    done = subprocess.run(resumed, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["mean"] > 1


def test_a_stopped_training_of_a_task_says_how_to_go_on_and_the_task_that_was_there_stays(tmp_path):
    lines = [{"text": f"{label} the bank", "label": label} for label in ("good", "bad")] * 4
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [*ELMO, "train", "--task", "classify", "--train", "a.jsonl", "--dev", "a.jsonl", "--baseline", "-o", "t"]
    subprocess.run([*command, "--set", "epochs=1"], cwd=tmp_path, check=True, capture_output=True)
    weights = (tmp_path / "t" / "model.safetensors").read_bytes()
    endless = [*command, "--force", "--set", "epochs=10000", "--set", "patience=10000"]
    process = subprocess.Popen(endless, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    wait_for(tmp_path / "t" / "next" / "checkpoint", process)
    process.terminate()
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines()[-2:] == [
        "elmo: the training has stopped; continue with elmo train --resume -o t",
        "elmo: interrupted; nothing was left half-written",
    ]
    assert (tmp_path / "t" / "model.safetensors").read_bytes() == weights


def test_an_interrupted_embedding_leaves_nothing(tmp_path):
    save_native(small_model(), tmp_path / "m")
    (tmp_path / "t.txt").write_text(TEXT * 20_000)
    command = [*ELMO, "embed", "t.txt", "-m", "m", "-o", "v.hdf5"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob(".elmo-part-*")) and process.poll() is None:
        time.sleep(0.01)
    process.terminate()
    _, errors = process.communicate()
    assert (process.returncode, errors) == (130, "elmo: interrupted; nothing was left half-written\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m", "t.txt"]


def test_a_reader_that_leaves_early_hears_no_complaint(tmp_path):
    (tmp_path / "t.txt").write_text(TEXT * 20_000)
    pipe = f"{sys.executable} -m elmo tokenize t.txt | head -n 1"
    done = subprocess.run(["bash", "-c", pipe], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("The bank of the river was green .\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["embed", "t.txt", "-m", "m", "-o", "v.hdf5"],
        ["embed", "t.txt", "-m", "m", "-o", "v.npz"],
        ["convert", "m", "a", "--to", "allennlp"],
        ["convert", "m", "n", "--to", "native"],
        ["tokenize", "t.txt", "-o", "tokens.txt"],
        ["pretrain", "--corpus", "t.txt", "-o", "run", "--max-steps", "2", "--set", "rows=2"],
    ],
    ids=" ".join,
)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, arguments):
    save_native(small_model(), tmp_path / "m")
    (tmp_path / "t.txt").write_text(TEXT * 300)

    def fill_the_disk() -> None:  # no file may grow past 2,000 bytes
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = subprocess.run(
        [*ELMO, *arguments], cwd=tmp_path, capture_output=True, text=True, preexec_fn=fill_the_disk, check=False
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("elmo: ")
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m", "t.txt"]
