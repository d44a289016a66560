"""A kind of task is one object: a toy one, added here, learns, is saved, loaded, scored, predicts; old settings are read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from conftest import SMALL_TASK
from elmo import load_task
from elmo.errors import TextError
from elmo.tasks.config import TaskConfig
from elmo.tasks.examples import Example, given_text
from elmo.tasks.kinds import registry
from elmo.tasks.kinds.kind import Kind, KnownLabels
from elmo.tasks.kinds.registry import KINDS, task_config
from elmo.tasks.kinds.task_model import TaskModel
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.layers.pooling import mean
from elmo.tasks.saved_task import TaskFile


class ToyConfig(TaskConfig, frozen=True):
    task: Literal["toy"] = "toy"
    threshold: float = 0.0


class Loud(NamedTuple):
    """Whether a text shouts."""

    loud: bool

    def facts(self, min_score=0.0):
        return {"loud": self.loud}

    def shown(self, text, other, min_score=0.0):
        return text.upper() if self.loud else text.lower()


class ToyModel(TaskModel[Loud]):
    main_score = "right"

    def __init__(self, config, tables, elmo):
        super().__init__()
        self.threshold = config.threshold
        self.encoder = Encoder(config, tables, elmo)
        self.output = torch.nn.Linear(self.encoder.width, 1)

    def _logits(self, batch):
        return self.output(mean(self.encoder(batch), batch.mask)).squeeze(1)

    def loss(self, batch):
        gold = torch.tensor([float(e.labels == ["loud"]) for e in batch.examples])
        return torch.nn.functional.binary_cross_entropy_with_logits(self._logits(batch), gold)

    def predict(self, batch):
        return [Loud(logit > self.threshold) for logit in self._logits(batch).tolist()]

    def predict_empty(self):
        return Loud(False)

    def counts(self, examples: Sequence[Example], predicted: Sequence[Loud]):
        return np.array([[(e.labels == ["loud"]) == p.loud, 1] for e, p in zip(examples, predicted, strict=True)], int)

    def scores(self, sums):
        return {"right": 100 * sums[..., 0] / np.maximum(1, sums[..., 1])}


class ToyKind(Kind[ToyConfig, ToyModel]):
    name, settings = "toy", ToyConfig

    def read(self, config, path: Path, report=print):
        return [
            self.labelled(config, line.split("!"), i, "") for i, line in enumerate(path.read_text().splitlines(), 1)
        ]

    def labelled(self, config, given, number, where):
        text, *loud = given
        return given_text(text, number, where)._replace(labels=["loud" if loud else "still"])

    def example(self, config, given, number, where):
        return given_text(given, number, where)

    def labels(self, config, train, source):
        return KnownLabels(["loud", "still"])

    def build(self, config, labels, tables, elmo):
        return ToyModel(config, tables, elmo)


@pytest.fixture
def toy(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "KINDS", (*KINDS, ToyKind()))
    lines = ["the river bank", "go home now!", "the river", "go now!", "a river runs", "home now!"]
    for name in ("train", "dev"):
        (tmp_path / f"{name}.toy").write_text("\n".join(lines * 6))
    settings = {**SMALL_TASK, "task": "toy", "train": "train.toy", "dev": "dev.toy", "threshold": 0.125}
    tables = {name: settings.pop(name) for name in ("inputs", "optimizer")}
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    for table, values in tables.items():
        lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
    (tmp_path / "toy.toml").write_text("\n".join(lines))
    return tmp_path


def test_a_kind_is_added_without_touching_the_rest(toy, run_elmo):
    trained = run_elmo("train", toy / "toy.toml", "--baseline", "-o", toy / "t", "--json")
    assert trained.status == 0, trained.err
    assert json.loads(trained.out)["dev_right"] == 100
    assert load_task(toy / "t").file.config.threshold == 0.125
    evaluated = run_elmo("evaluate", toy / "t", toy / "dev.toy", "--report", toy / "page.html", "--json")
    assert json.loads(evaluated.out)["right"] == 100
    assert "Task: toy" in (toy / "page.html").read_text()
    (toy / "lines.txt").write_text("The river\nGo now\n\n")
    assert run_elmo("predict", toy / "t", toy / "lines.txt").out == "the river\nGO NOW\n\n"
    printed = run_elmo("predict", toy / "t", toy / "lines.txt", "--json").out.splitlines()
    assert [json.loads(line)["loud"] for line in printed] == [False, True, False]


def test_a_task_of_a_kind_that_is_gone_is_named(toy, run_elmo, monkeypatch):
    assert run_elmo("train", toy / "toy.toml", "--baseline", "-o", toy / "t").status == 0
    monkeypatch.setattr(registry, "KINDS", KINDS)
    done = run_elmo("predict", toy / "t", "-")
    assert (done.status, done.out) == (2, "")
    assert "no task 'toy'; there are tag, classify, pair, relation, qa" in done.err


def test_the_flat_settings_of_older_folders_are_read():
    old = {"task": "read", "model": None, "multi_label": False, "regression": False, "position_size": 50, "spans": None}
    config = TaskFile.model_validate({"config": old, "labels": [], "scheme": None, "elmo": None}).config
    assert (config.task, type(config).__name__) == ("qa", "QAConfig")
    assert not hasattr(config, "position_size")
    assert (
        TaskFile.model_validate_json(
            TaskFile(config=config, labels=[], scheme=None, elmo=None).model_dump_json()
        ).config
        == config
    )


def test_settings_are_those_of_their_kind():
    assert task_config(task="tag", regression="false", no_answer=False).task == "tag"
    with pytest.raises(ValueError, match="longest_answer is a setting of the task qa, not of tag"):
        task_config(task="tag", longest_answer=3)
    with pytest.raises(ValueError, match="no task 'sing'; there are tag, classify"):
        task_config(task="sing")
    with pytest.raises(ValidationError, match="Extra inputs"):
        task_config(task="tag", epoch=3)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_no_example_is_named(kind):
    config = kind.settings(model=None)
    for wrong in (3, "text", ("a",), None, {"x": 1}):
        with pytest.raises(TextError, match="example 7"):
            kind.labelled(config, wrong, 7, "example 7")


def test_labelled_examples_that_a_caller_gives():
    given = {
        "tag": ((["Ann", "runs"], ["B-PER", "O"]), ["B-PER", "O"]),
        "classify": (("good film", "yes"), ["yes"]),
        "pair": (("a cat", "an animal", 1), ["1"]),
        "relation": (("<e1>Ann</e1> saw <e2>Bo</e2>", "saw(e1,e2)"), ["saw(e1,e2)"]),
        "qa": (
            {"context": "Ann ran.", "question": "Who?", "answers": [{"text": "Ann", "answer_start": 0}]},
            ["Ann"],
        ),
    }
    for kind in KINDS:
        example, labels = given[kind.name]
        found = kind.labelled(kind.settings(model=None), example, 1, "example 1")
        assert found.labels == labels
        assert found.tokens
