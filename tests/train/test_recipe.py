"""`--set key=value`: lists, the nearest of a misspelt key, numbers that must be finite."""

from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from elmo.errors import ConfigError
from elmo.tasks.config import TaskConfig
from elmo.train.config import PretrainConfig
from elmo.train.recipe import pretrain_config

CORPUS = ["--corpus", "corpus.txt", "-o", "run"]


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("epoch=3", "epoch: no such setting; did you mean epochs?"),
        ("learning_rate=3", "learning_rate: no such setting; did you mean optimizer.learning_rate?"),
        ("bilm.lstm.cell_sizes=3", "bilm.lstm.cell_sizes: no such setting; did you mean bilm.lstm.cell_size?"),
        (
            "bilm.zzzz=3",
            "bilm.zzzz: no such setting; the settings here are bilm.char_cnn, bilm.word_embedding, ",
        ),
        ("bilm.char_cnn.filters=[[3,64]", "not a list; write it as JSON"),
        ("optimizer.weight_decay=inf", "optimizer.weight_decay: Input should be a finite number"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_the_next_step(run_elmo, tmp_path, monkeypatch, override, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus.txt").write_text("The bank of the river .\n" * 9)
    ran = run_elmo("pretrain", *CORPUS, "--max-steps", 1, "--set", override)
    assert ran.status == 2
    assert sentence in ran.err
    assert not (tmp_path / "run").exists()


def test_a_setting_may_be_a_list(run_elmo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus.txt").write_text("The bank of the river .\n" * 9)
    small = ["bilm.char_cnn.filters=[[1,4],[3,8]]", "bilm.lstm.cell_size=8", "bilm.lstm.projection_size=4"]
    ran = run_elmo("pretrain", *CORPUS, "--max-steps", 1, *(word for key in small for word in ("--set", key)))
    assert ran.status == 0, ran.err
    assert '"filters":' in (tmp_path / "run" / "config.json").read_text()
    assert pretrain_config({}, small[:1]).bilm.char_cnn.filters == ((1, 4), (3, 8))


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_a_task_is_not_trained_with_a_number_that_is_not_finite(run_elmo, tmp_path, value):
    (tmp_path / "a.csv").write_text("text,label\n" + "a fine film,pos\na dull film,neg\n" * 4)
    files = ["--train", tmp_path / "a.csv", "--dev", tmp_path / "a.csv", "--baseline", "-o", tmp_path / "t"]
    sizes = ["epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4"]
    setting = f"optimizer.weight_decay={value}"
    options = [word for key in (*sizes, setting) for word in ("--set", key)]
    ran = run_elmo("train", "--task", "classify", *files, *options)
    assert (ran.status, ran.out) == (2, "")
    assert "optimizer.weight_decay" in ran.err
    assert not (tmp_path / "t").exists()


def kinds_of(annotation):
    """A type and all types that it is made of."""
    yield annotation
    for inner in get_args(annotation):
        yield from kinds_of(inner)


def float_settings(kind: type[BaseModel], above: str = ""):
    """Dotted keys of all settings that hold a float."""
    for name, field in kind.model_fields.items():
        kinds = list(kinds_of(field.annotation))
        if float in kinds:
            yield f"{above}{name}"
        for inner in (*kinds, type(field.default)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from float_settings(inner, f"{above}{name}.")


FLOATS = [(kind, key) for kind in (PretrainConfig, TaskConfig) for key in float_settings(kind)]


@pytest.mark.parametrize(("kind", "key"), FLOATS, ids=lambda x: x if isinstance(x, str) else x.__name__)
@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_every_float_setting_is_finite(kind, key, value):
    settings: object = value
    for name in reversed(key.split(".")):
        settings = {name: settings}
    with pytest.raises(ValidationError, match="finite number"):
        kind.model_validate({**({"task": "tag"} if kind is TaskConfig else {}), **settings})


def test_there_are_float_settings_of_either_kind():
    assert {"optimizer.weight_decay", "distillation", "bilm.encoder.cell_clip"} <= {key for _, key in FLOATS}


def test_an_override_without_a_value_is_refused():
    with pytest.raises(ConfigError, match="write key=value"):
        pretrain_config({}, ["rows"])
