"""Task folders from elsewhere: what they declare and link to is checked before anything is built, loaded or fetched."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file, save_file

SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    (folder / "a.csv").write_text("text,label\n" + "a fine film,pos\na dull film,neg\n" * 4)
    files = ["--train", "a.csv", "--dev", "a.csv", "--baseline", "-o", "t"]
    command = [sys.executable, "-m", "elmo", "train", "--task", "classify", *files, *SMALL]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def task(made, tmp_path):
    shutil.copytree(made / "t", tmp_path / "t")
    return tmp_path / "t"


def refused(run_elmo, task, *message):
    begun = time.monotonic()
    done = run_elmo("predict", task, task / "README.md")
    assert (done.status, done.out) == (2, "")
    assert len(done.err) < 1500
    assert all(one in done.err for one in message), done.err
    assert time.monotonic() - begun < 20


def change(task, **values):
    content = json.loads((task / "config.json").read_text())
    for path, value in values.items():
        at = content
        *parents, last = path.split("__")
        for parent in parents:
            at = at[parent]
        at[last] = value
    (task / "config.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"config__cell_size": 10**9}, "cell_size"),
        ({"config__cell_size": 5000}, "does not fit its config"),
        ({"config__n_layers": 10**9}, "n_layers"),
        ({"config__inputs__word_size": 10**9}, "word_size"),
        ({"labels": [str(i) for i in range(10**5)]}, "does not fit its config"),
        ({"training__min_score": float("nan")}, "min_score"),
        ({"training__min_score": "high"}, "min_score"),
        ({"training__curve": [{"epoch": "x"}]}, "training"),
        ({"training__curve": True}, "training"),
        ({"training__examples": "many"}, "examples"),
        ({"training__seconds": 10**400}, "seconds"),
        ({"training__dev_accuracy": None}, "dev_accuracy"),
    ],
)
def test_what_a_folder_declares_is_bounded_and_compared_with_its_weights(run_elmo, task, values, message):
    change(task, **values)
    refused(run_elmo, task, message)


def test_weights_that_are_no_numbers_are_refused(run_elmo, task):
    tensors = load_file(task / "model.safetensors")
    save_file(
        {**tensors, "output.bias": torch.full_like(tensors["output.bias"], torch.nan)}, task / "model.safetensors"
    )
    refused(run_elmo, task, "'output.bias' holds numbers that are not finite")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "words.txt"])
def test_members_are_regular_files_of_the_folder(run_elmo, task, tmp_path, name):
    (task / name).rename(tmp_path / "away")
    os.mkfifo(task / name)
    refused(run_elmo, task, "not a regular file")
    (task / name).unlink()
    (task / name).symlink_to(tmp_path / "away")
    refused(run_elmo, task, "outside the folder")


@pytest.mark.parametrize("source", ["/etc", "../other", "someone/some-model", "elmo/../../x", ""])
def test_the_bilm_of_a_task_is_bundled_or_within_its_folder(run_elmo, task, source, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("asked the network"))
    change(task, elmo={"source": source, "fingerprint": "x", "n_layers": 3, "width": 512})
    refused(run_elmo, task, "a task uses one of the package (en, zh) or its own in elmo/")


def test_a_link_to_another_bilm_is_refused(run_elmo, task, tmp_path):
    change(task, elmo={"source": "elmo", "fingerprint": "x", "n_layers": 3, "width": 512})
    (tmp_path / "other").mkdir()
    (task / "elmo").symlink_to(tmp_path / "other")
    refused(run_elmo, task, "outside the folder of the task")


def test_a_model_given_as_a_task_is_named(run_elmo, made, tmp_path):
    from conftest import small_model
    from elmo import Elmo

    Elmo(small_model()).save_pretrained(tmp_path / "model")
    done = run_elmo("evaluate", tmp_path / "model", made / "a.csv")
    assert (done.status, done.out) == (2, "")
    assert "a model, not a trained task; train a task on it with `elmo train ... -m" in done.err
    assert len(done.err) < 400


def test_a_name_of_a_model_and_a_file_given_as_a_task_are_named(run_elmo, made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run_elmo("predict", "en", made / "a.csv")
    assert (done.status, done.out) == (2, "")
    assert (
        "elmo: en: a model of the package, not a trained task; train a task on it with `elmo train ... -m en`"
        in done.err
    )
    done = run_elmo("evaluate", made / "a.csv", made / "a.csv")
    assert (done.status, done.out) == (2, "")
    assert "a.csv: a file, not a folder; give the folder of a trained task" in done.err
    done = run_elmo("report", made / "a.csv")
    assert (done.status, done.out) == (2, "")
    assert "a.csv: a file, not a folder; give the folder of a run" in done.err


def test_sizes_on_the_command_line_are_bounded(run_elmo, made, tmp_path):
    files = ["--train", made / "a.csv", "--dev", made / "a.csv", "--baseline", "-o", tmp_path / "t"]
    for setting in ("cell_size=1000000000", "n_layers=100000", "inputs.word_size=10000000"):
        done = run_elmo("train", "--task", "classify", *files, "--set", setting)
        assert (done.status, done.out) == (2, "")
        assert setting.partition("=")[0] in done.err
    (tmp_path / "a.conll").write_text("".join(f"w B-{i}\n\n" for i in range(5000)))
    tagged = ["--train", tmp_path / "a.conll", "--dev", tmp_path / "a.conll", "--baseline", "-o", tmp_path / "t"]
    done = run_elmo("train", "--task", "tag", *tagged, *SMALL)
    assert (done.status, done.out) == (2, "")
    assert "5,000 labels make 20,001 tags, and the CRF 400,040,001 transitions" in done.err
