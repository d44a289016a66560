"""`elmo train`, `evaluate`, `compare`, `predict`: what they print and write, and how they refuse; killed, they go on."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from conftest import small_model
from elmo.checkpoints.native import save_native

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

TINY = ["cell_size=8", "inputs.word_size=4", "inputs.character_size=4", "epochs=3", "batch_size=4"]
SET = [part for setting in TINY for part in ("--set", setting)]


@pytest.fixture
def files(tmp_path, monkeypatch):
    save_native(small_model(), tmp_path / "m")
    lines = [
        {"text": f"{a} {b}", "label": a} for a in ("money", "river") for b in ("the bank", "lends", "the", ". .") * 3
    ]
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "c.conll").write_bytes("\ufeffthe O\r\nbank B-ORG\r\n\r\nriver I-LOC".encode())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ELMO_CACHE", str(tmp_path / "cache"))
    return tmp_path


def train(*more):
    return ["train", "--task", "classify", "--train", "a.jsonl", "--dev", "b.jsonl", *SET, *more]


def test_a_task_from_files_to_predictions(files, run_elmo):
    done = run_elmo(*train("-m", "m", "-o", "t", "--json"))
    assert done.status == 0, done.err
    facts = json.loads(done.out)
    assert (facts["output"], facts["epochs"]) == ("t", 3)
    assert "epoch 3: loss" in done.err
    assert {p.name for p in (files / "t").iterdir()} == {
        "README.md", "config.json", "elmo", "model.safetensors", "report.html", "run.json", "words.txt"
    }  # fmt: skip
    assert (files / "cache" / "layers").is_dir()
    scores = json.loads(run_elmo("evaluate", "t", "b.jsonl", "--json").out)
    assert scores["examples"] == 24
    assert set(scores) >= {"accuracy", "macro_f1", "micro_f1", "calibration_error", "accuracy_low", "accuracy_high"}
    assert run_elmo(*train("--baseline", "-o", "base")).status == 0
    compared = json.loads(run_elmo("compare", "t", "base", "b.jsonl", "--json").out)
    assert compared["difference"] == pytest.approx(compared["a_accuracy"] - compared["b_accuracy"])
    (files / "t.txt").write_text("money lends\n\nthe river\n")
    rows = [json.loads(line) for line in run_elmo("predict", "t", "t.txt", "--json").out.splitlines()]
    assert [(row["line"], row["text"]) for row in rows] == [(1, "money lends"), (2, ""), (3, "the river")]
    assert all(row["label"] in ("money", "river") and 0 < row["score"] <= 1 for row in rows)
    assert run_elmo("predict", "t", "t.txt").out.splitlines()[0].endswith("\tmoney lends")


def test_tags_are_shown_in_the_text(files, run_elmo):
    how = ["train", "--task", "tag", "--train", "c.conll", "--dev", "c.conll", *SET, "--set", "epochs=30"]
    assert run_elmo(*how, "--baseline", "-o", "t", "--set", "inputs.min_count=1").status == 0
    (files / "t.txt").write_text("the bank\n")
    assert run_elmo("predict", "t", "t.txt").status == 0
    assert json.loads(run_elmo("evaluate", "t", "c.conll", "--json").out)["f1"] >= 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train", "--task", "classify"], "--train and --dev: no file is named"),
        (["train"], "no task"),
        (["train", "none.toml"], "none.toml: no such recipe"),
        (train("--baseline", "-m", "m"), "--baseline is the task without a model"),
        (train("-m", "nothing"), "nothing"),
        (train("--set", "cell_size=0"), "cell_size"),
        (train("--train", "none.jsonl"), "none.jsonl: no such file"),
        (train("--dev", "empty.jsonl"), "empty.jsonl: no text in it"),
        (["train", "--resume", "-o", "m"], "m: no run to go on with"),
        (["train", "--resume", "--task", "tag"], "--resume goes on with what the folder says"),
        (["evaluate", "m", "b.jsonl"], "no task"),
        (["evaluate", "none", "b.jsonl"], "none"),
        (["predict", "m", "b.jsonl"], "no task"),
        (["compare", "m", "m", "b.jsonl"], "no task"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(files, run_elmo, arguments, told):
    (files / "empty.jsonl").write_text("")
    before = {p.name for p in files.iterdir()}
    done = run_elmo(*arguments)
    assert (done.status, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err
    assert {p.name for p in files.iterdir()} == before


def text_of(path):
    """None while it is being replaced."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


@pytest.mark.slow
@pytest.mark.parametrize("model", ["m", None])
def test_a_training_that_is_killed_three_times_comes_to_the_same_weights(files, model):
    how = ["--baseline"] if model is None else ["-m", model]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = [sys.executable, "-m", "elmo"]
    many = [*train(*how), "--set", "epochs=40", "--set", "patience=40", "-o"]
    subprocess.run([*run, *many, "whole"], env=environment, check=True, capture_output=True)
    dice = random.Random(0)
    command = [*run, *many, "parts"]
    place = files / "parts" / "checkpoint" / "place.json"
    for _ in range(3):
        before = text_of(place)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and text_of(place) == before:
            time.sleep(0.01)
        time.sleep(dice.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        command = [*run, "train", "--resume", "-o", "parts"]
        if (files / "parts" / "config.json").exists():
            break
    if not (files / "parts" / "config.json").exists():
        subprocess.run(command, env=environment, check=True, capture_output=True)
    whole, parts = ((files / name / "model.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole == parts
