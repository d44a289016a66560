"""A task with a biLM that learns: it may stand still, it changes and is kept, it can be stopped, a baseline has none."""

import json

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from conftest import SMALL_TASK, small_model
from elmo import load_task
from elmo.apps.tasks.evaluate import evaluate_task
from elmo.apps.tasks.train_task import TaskRun, train_task
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.tensors import read_tensors
from elmo.tasks.kinds.registry import task_config
from elmo.tasks.training import TrainingCallback

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

KINDS = {"good": ["fine", "lovely", "bright"], "bad": ["dull", "poor", "grim"]}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Texts with a word that decides the label."""
    folder = tmp_path_factory.mktemp("files")
    for name, seed, n in (("train", 0, 64), ("dev", 1, 24)):
        rng = np.random.default_rng(seed)
        with (folder / f"{name}.jsonl").open("w") as file:
            for _ in range(n):
                label = ["good", "bad"][rng.integers(2)]
                words = ["the", "film", "was", "a"][: rng.integers(1, 5)]
                words.insert(rng.integers(len(words) + 1), KINDS[label][rng.integers(3)])
                file.write(json.dumps({"text": " ".join(words), "label": label}) + "\n")
    save_native(small_model(scale=1.5), folder / "model")
    return folder


def run_of(files, elmo, **changes):
    settings = {**SMALL_TASK, "task": "classify", "model": str(files / "model"), "elmo": elmo, "epochs": 5, **changes}
    return TaskRun(config=task_config(settings), train=files / "train.jsonl", dev=files / "dev.jsonl")


def weights(folder, *more):
    return read_tensors(folder.joinpath(*more) / "model.safetensors")


def facts_of(folder):
    return json.loads((folder / "config.json").read_text())["training"]


TUNED = {"fine_tune": True, "bilm_dropout": {"layer_inputs": 0.1, "recurrent": 0.1}}


def test_a_bilm_that_never_joins_leaves_the_frozen_result_bit_for_bit(files, tmp_path):
    for name, elmo in (("frozen", {}), ("waits", {"fine_tune": True, "unfreeze": 99})):
        train_task(run_of(files, elmo, epochs=3), tmp_path / name, cache=files / "cache")
    frozen, waits = (weights(tmp_path / name) for name in ("frozen", "waits"))
    for name, t in frozen.items():
        if name != "temperature":  # fitted with layers that were rounded for the cache, or not
            assert torch.equal(t, waits[name]), name
    before, after = weights(files, "model"), weights(tmp_path / "waits", "elmo")
    assert all(torch.equal(t, before[name]) for name, t in after.items())


def test_a_bilm_that_joins_and_cannot_move_predicts_as_the_frozen_one(files, tmp_path):
    still = {"fine_tune": True, "unfreeze": 0, "discriminative": 1e30, "bilm_dropout": {}}
    texts = ["the film was fine", "poor", "a grim film"]
    reports = []
    # Adam would make much of what float16 leaves.
    by_gradient = {"name": "sgd", "learning_rate": 0.3, "schedule": "constant", "warmup_steps": 0}
    for name, elmo in (("frozen", {}), ("still", still)):
        train_task(run_of(files, elmo, epochs=6, optimizer=by_gradient), tmp_path / name, cache=files / "cache")
        reports.append([list(p.scores.values()) for p in load_task(tmp_path / name)(texts)])
    assert np.allclose(*reports, atol=1e-3)  # the cache holds float16
    before, after = weights(files, "model"), weights(tmp_path / "still", "elmo")
    assert all(torch.allclose(t, before[name], atol=1e-7) for name, t in after.items())


def test_every_layer_of_the_bilm_changes_and_the_task_keeps_it(files, tmp_path):
    folder = tmp_path / "t"
    facts = train_task(run_of(files, {**TUNED, "unfreeze": 0}), folder, cache=files / "nothing")
    assert not (files / "nothing").exists()
    at_the_time = [epoch["score"] for epoch in facts_of(folder)["curve"]]
    assert facts["dev_accuracy"] == pytest.approx(at_the_time[facts["best_epoch"] - 1], abs=1e-3)
    before, after = weights(files, "model"), weights(folder, "elmo")
    assert after.keys() == {name for name in before if name.startswith("bilm.")}
    assert all(not torch.equal(t, before[name]) for name, t in after.items())
    file = json.loads((folder / "config.json").read_text())
    assert file["elmo"]["source"] == "elmo"
    scores = evaluate_task(folder, files / "dev.jsonl")
    assert scores["accuracy"] == pytest.approx(facts["dev_accuracy"], abs=1e-3)
    assert scores["accuracy"] > 90
    assert "fine-tuned with it" in (folder / "README.md").read_text()


class Halted(BaseException):
    """As a signal would stop a run."""


class StopsAfter(TrainingCallback):
    def __init__(self, epoch):
        self.last = epoch

    def epoch(self, epoch, name):
        if epoch.epoch == self.last:
            raise Halted


def test_a_run_that_was_stopped_comes_to_the_same_weights_of_task_and_bilm(files, tmp_path):
    train_task(run_of(files, TUNED), tmp_path / "whole", cache=files / "cache")
    with pytest.raises(Halted):
        train_task(run_of(files, TUNED), tmp_path / "t", cache=files / "cache", watch=StopsAfter(1))
    for epoch in (2, 4):
        with pytest.raises(Halted):
            train_task(None, tmp_path / "t", resume=True, cache=files / "cache", watch=StopsAfter(epoch))
    train_task(None, tmp_path / "t", resume=True, cache=files / "cache")
    for part in ("", "elmo"):
        whole, parts = (
            (folder / part / "model.safetensors").read_bytes() for folder in (tmp_path / "whole", tmp_path / "t")
        )
        assert whole == parts


def test_a_baseline_has_no_bilm_to_tune():
    with pytest.raises(ValidationError, match="a baseline has none"):
        task_config(task="tag", model=None, elmo={"fine_tune": True})
