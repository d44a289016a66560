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
from elmo.checkpoints.formats.native import save_native

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
    assert (compared["a"], compared["b"]) == ("t", "base")
    shown = [line.split() for line in run_elmo("compare", "t", "base", "b.jsonl").out.splitlines()]
    assert shown[:2] == [["a", "t"], ["b", "base"]]  # which folder is which
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
    ("arguments", "message"),
    [
        (["train", "--task", "classify"], "--train and --dev: missing; give the file"),
        (["train"], "no task"),
        (["train", "none.toml"], "none.toml: no such recipe"),
        (train("--baseline", "-m", "m"), "--baseline trains without a model"),
        (train("-m", "nothing"), "nothing"),
        (train("--set", "cell_size=0"), "cell_size"),
        (train("--fractions", "0,5"), "--fractions 0,5: give percentages of the training file"),
        (train("--seeds", "none"), "--seeds none: give a number of seeds"),
        (["train", "--resume", "--seeds", "2"], "--resume uses the settings in the folder"),
        (train("--train", "none.jsonl"), "none.jsonl: no such file"),
        (train("--dev", "empty.jsonl"), "empty.jsonl: contains no text"),
        (["train", "--resume", "-o", "m"], "m: no run to continue"),
        (["train", "--resume", "--task", "tag"], "--resume uses the settings in the folder"),
        (["evaluate", "m", "b.jsonl"], "not a trained task"),
        (["evaluate", "none", "b.jsonl"], "none"),
        (["predict", "m", "b.jsonl"], "not a trained task"),
        (["compare", "m", "m", "b.jsonl"], "not a trained task"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(files, run_elmo, arguments, message):
    (files / "empty.jsonl").write_text("")
    before = {p.name for p in files.iterdir()}
    done = run_elmo(*arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err
    assert {p.name for p in files.iterdir()} == before


def test_fractions_and_seeds_are_one_table(files, run_elmo):
    done = run_elmo(*train("-m", "m", "-o", "s", "--fractions", "50,100", "--seeds", "2", "--baseline", "--json"))
    assert done.status == 0, done.err
    rows = json.loads(done.out)["rows"]
    assert [(r["with_elmo"], r["fraction"], len(r["scores"])) for r in rows] == [
        (True, 50, 2), (True, 100, 2), (False, 50, 2), (False, 100, 2)
    ]  # fmt: skip
    assert (files / "s" / "report.html").exists()
    shown = run_elmo("train", "--resume", "-o", "s").out
    assert "ELMo, 50 % (12)" in shown
    assert "±" in shown


def test_texts_out_of_scope_get_no_label(files, run_elmo):
    assert run_elmo(*train("--baseline", "-o", "t")).status == 0
    assert json.loads((files / "t" / "config.json").read_text())["training"]["min_score"] > 0
    known = json.loads(run_elmo("evaluate", "t", "b.jsonl", "--json").out)
    assert "in_scope_accuracy" not in known
    with (files / "b.jsonl").open("a") as file:
        file.write('{"text": "a green", "label": "oos"}\n')
    scores = json.loads(run_elmo("evaluate", "t", "b.jsonl", "--json").out)
    assert scores["in_scope_accuracy"] == known["accuracy"]
    assert scores["in_scope_told"] >= 95
    assert scores["out_of_scope_recall"] in (0, 100)
    assert (
        json.loads(run_elmo("evaluate", "t", "b.jsonl", "--min-score", "1", "--json").out)["out_of_scope_recall"] == 100
    )


TAGGED = {
    "windows": b"the\tO\r\nbank\tB-ORG\r\n\r\nriver\tB-LOC\r\n",
    "no line end": b"the O\nbank B-ORG\n\nriver B-LOC",
    "a byte order mark": b"\xef\xbb\xbfthe O\nbank B-ORG\n\nriver B-LOC\n",
    "tags that BIO forbids": b"the O\nbank I-ORG\n\nriver I-LOC\nbank I-ORG\n",
    "labels that are new": b"the O\nbank B-PER\n\nriver B-LOC\n",
    "another script": "\u94f6\u884c B-ORG\n\u0440\u0435\u043a\u0430 B-LOC\n\u0646\u0647\u0631 O\n".encode(),
}


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    from elmo.apps.tasks.train_task import TaskRun, train_task
    from elmo.tasks.kinds.registry import task_config

    folder = tmp_path_factory.mktemp("tagger")
    (folder / "c.conll").write_text("the O\nbank B-ORG\n\nriver B-LOC\n")
    config = task_config(task="tag", model=None, cell_size=4, epochs=1)
    train_task(TaskRun(config=config, train=folder / "c.conll", dev=folder / "c.conll"), folder / "t")
    return folder / "t"


def test_a_minimum_score_is_for_texts_with_one_label(tagger, files, run_elmo):
    done = run_elmo("evaluate", tagger, "c.conll", "--min-score", "0.5")
    assert (done.status, done.out) == (2, "")
    assert "works only for tasks with one label per text" in done.err


@pytest.mark.parametrize("kind", TAGGED)
def test_tagged_files_of_every_kind_are_scored(tagger, tmp_path, run_elmo, kind):
    (tmp_path / "x.conll").write_bytes(TAGGED[kind])
    done = run_elmo("evaluate", tagger, tmp_path / "x.conll", "--json")
    assert done.status == 0, done.err
    assert 0 <= json.loads(done.out)["f1"] <= 100


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.conll", "", "x.conll: contains no sentence"),
        ("x.conll", "the O\nbank NOUN\n", "x.conll, line 2: the tag 'NOUN' is not the tag of a span"),
        ("x.conll", "the O\nbank\n", "x.conll, line 2: 1 column"),
        ("x.jsonl", '{"tokens": ["a"], "tags": ["O"]}\n[1]\n', "x.jsonl, line 2: [1] is not a JSON object"),
        ("x.jsonl", '{"tokens": ["a", "b"], "tags": ["O"]}\n', "x.jsonl, line 1: 1 tags for 2 tokens"),
        ("x.jsonl", "", "x.jsonl: contains no sentence"),
    ],
)
def test_tagged_files_that_cannot_be_scored_are_named(tagger, tmp_path, run_elmo, name, content, message):
    (tmp_path / name).write_text(content)
    done = run_elmo("evaluate", tagger, tmp_path / name)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err


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
    rng = random.Random(0)
    command = [*run, *many, "parts"]
    progress = files / "parts" / "checkpoint" / "place.json"
    for _ in range(3):
        before = text_of(progress)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and text_of(progress) == before:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        command = [*run, "train", "--resume", "-o", "parts"]
        if (files / "parts" / "config.json").exists():
            break
    if not (files / "parts" / "config.json").exists():
        last = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert last.returncode == 0, last.stderr
    whole, parts = ((files / name / "model.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole == parts
