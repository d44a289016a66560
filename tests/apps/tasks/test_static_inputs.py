"""A task with static vectors: they tell what the labels do not, they stay or learn, the task keeps them."""

import json

import numpy as np
import pytest
import torch

from conftest import SMALL_TASK
from elmo import load_task
from elmo.apps.embedding.to_static import write_word2vec
from elmo.apps.tasks.evaluate import evaluate_task
from elmo.apps.tasks.task_recipe import task_run
from elmo.apps.tasks.train_task import TaskRun, train_task
from elmo.checkpoints.tensors import read_tensors
from elmo.errors import CheckpointError, TrainingError
from elmo.tasks.kinds.registry import task_config
from elmo.tasks.training import TrainingCallback

GOOD, BAD = [f"good{i}" for i in range(12)], [f"bad{i}" for i in range(12)]
ROWS = "encoder.static.rows.weight"


@pytest.fixture
def files(tmp_path):
    """Texts of two words, a word of a kind and its label; the dev file has words that training has not."""
    rng = np.random.default_rng(0)
    for name, some in (("train", slice(0, 8)), ("dev", slice(8, 12))):
        with (tmp_path / f"{name}.jsonl").open("w") as file:
            for i in range(60 if name == "train" else 20):
                label, kind = [("yes", GOOD), ("no", BAD)][i % 2]
                # spelled by a number alone, so that only the vector decides the kind
                word = f"w{(GOOD + BAD).index(kind[some][rng.integers(len(kind[some]))]) * 7919 % 1009}"
                file.write(json.dumps({"text": f"it is {word.upper()}", "label": label}) + "\n")
    signs = np.repeat([[1.0], [-1.0]], 12, axis=0)
    table = np.hstack([signs, rng.normal(size=(24, 2)) / 5]).astype(np.float32)
    with (tmp_path / "v.txt").open("wb") as file:
        write_word2vec(file, [f"w{i * 7919 % 1009}" for i in range(24)], table)
    return tmp_path


def run_of(files, **inputs):
    settings = {
        **SMALL_TASK,
        "task": "classify",
        "model": None,
        "inputs": {**SMALL_TASK["inputs"], "min_count": 99, "vectors": str(files / "v.txt"), **inputs},
    }
    return TaskRun(config=task_config(settings), train=files / "train.jsonl", dev=files / "dev.jsonl")


def test_a_word_that_training_had_not_is_known_by_its_vector_also_when_the_file_is_gone(files):
    train_task(run_of(files), files / "t")
    (files / "v.txt").rename(files / "gone.txt")
    assert evaluate_task(files / "t", files / "dev.jsonl")["accuracy"] == 100
    assert load_task(files / "t").words.static.width == 3
    kept = json.loads((files / "t" / "config.json").read_text())
    assert (kept["vectors"]["source"], kept["config"]["inputs"]["vectors"]) == ("v.txt", "v.txt")
    assert str(files) not in (files / "t" / "config.json").read_text()


@pytest.mark.parametrize("tuned", [False, True])
def test_vectors_stay_as_they_are_unless_they_shall_learn(files, tuned):
    facts = train_task(run_of(files, tune_vectors=tuned), files / "t")
    rows = read_tensors(files / "t" / "model.safetensors")[ROWS]
    read = np.loadtxt(files / "v.txt", skiprows=1, usecols=(1, 2, 3), dtype=np.float32)
    assert torch.equal(rows[2:], torch.from_numpy(read)) is not tuned
    assert not rows[0].any()
    own = sum(t.numel() for t in read_tensors(files / "t" / "model.safetensors").values()) - 1  # temperature
    assert facts["parameters"] == own - (0 if tuned else rows.numel())


class Halted(BaseException):
    """As a signal would stop a run."""


class StopsAfterTwo(TrainingCallback):
    def epoch(self, epoch, name):
        if epoch.epoch == 2:
            raise Halted


def test_a_run_with_vectors_goes_on_to_the_same_weights_and_refuses_a_changed_file(files):
    train_task(run_of(files, tune_vectors=True), files / "whole")
    for name in ("parts", "changed"):
        with pytest.raises(Halted):
            train_task(run_of(files, tune_vectors=True), files / name, watch=StopsAfterTwo())
    train_task(None, files / "parts", resume=True)
    for name in ("model.safetensors", "vectors.txt"):
        assert (files / "whole" / name).read_bytes() == (files / "parts" / name).read_bytes()
    with (files / "v.txt").open("a") as file:
        file.write("more 1 2 3\n")
    with pytest.raises(TrainingError, match=r"v\.txt has changed since the run started"):
        train_task(None, files / "changed", resume=True)


def test_a_task_that_lost_its_vectors_is_refused(files):
    train_task(run_of(files), files / "t")
    (files / "t" / "vectors.txt").unlink()
    with pytest.raises(CheckpointError, match=r"vectors\.txt: cannot be read"):
        load_task(files / "t")


def test_the_file_that_a_recipe_names_is_relative_to_the_recipe(tmp_path):
    (tmp_path / "r.toml").write_text('task = "tag"\ntrain = "a"\ndev = "b"\n[inputs]\nvectors = "v.txt"\n')
    run = task_run(tmp_path / "r.toml", {}, None, None, False, [])
    assert run.config.inputs.vectors == str(tmp_path / "v.txt")
    run = task_run(tmp_path / "r.toml", {}, None, None, True, ["inputs.vectors=mine.txt"])
    assert run.config.inputs.vectors == "mine.txt"
