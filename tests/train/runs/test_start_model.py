"""Runs that begin from a model: its weights, words and layers; going on; what does not fit."""

import shutil

import pytest
import torch

from conftest import TEXT
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.errors import CheckpointError, ConfigError
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run
from elmo.train.runs.start_model import START_FOLDER

BILM = {
    "char_cnn": {"embedding_size": 4, "filters": [[1, 8], [2, 8], [3, 16]], "n_highway": 1, "max_characters": 20},
    "lstm": {"n_layers": 2, "cell_size": 16, "projection_size": 8},
}
SETTINGS = {
    "rows": 4,
    "window": 7,
    "n_negatives": 6,
    "dropout": 0.0,
    "log_every": 1,
    "optimizer": {"warmup_steps": 0, "learning_rate": 0.02},
}


def weights_of(model):
    return [*model.bilm.parameters(), *model.softmax.parameters()]


def begin(tmp_path, name, start, max_steps=None, overrides=(), **settings):
    corpus = tmp_path / "c.txt"
    corpus.write_text(TEXT * 6, encoding="utf-8")
    recipe = pretrain_config({**SETTINGS, **settings}, list(overrides))
    start_run([corpus], tmp_path / name, recipe, start=start, max_steps=max_steps)
    return tmp_path / name


@pytest.fixture(params=["full", "adaptive"])
def trained(tmp_path, request):
    """The folder of a model that was trained for some steps, its reports, and its kind of softmax."""
    out = begin(tmp_path, "first", None, 100, bilm=BILM, vocabulary_size=40, softmax=request.param)
    reports = []
    continue_run(out, report=reports.append)
    return out, reports, request.param


def test_a_run_continues_from_the_weights_of_the_model(tmp_path, trained):
    model, before, softmax = trained
    out = begin(tmp_path, "second", str(model), 12, softmax=softmax)
    reports = []
    continue_run(out, report=reports.append)
    assert reports[0].loss_nats < 0.9 * before[0].loss_nats
    assert load_model(out).vocabulary.words == load_model(model).vocabulary.words
    assert load_model(out).config.bilm == load_model(model).config.bilm
    assert f"--start {model.name}" in (out / "README.md").read_text(encoding="utf-8")


def test_distillation_asks_for_a_model_to_begin_from(tmp_path):
    with pytest.raises(
        ConfigError, match="distillation needs a teacher, the model that the run starts from; give it with --start"
    ):
        begin(tmp_path, "run", None, bilm=BILM, distillation=0.5)
    assert not (tmp_path / "run").exists()


def test_the_first_step_moves_the_weights_of_the_model(tmp_path, trained):
    model, _, softmax = trained
    out = begin(tmp_path, "second", str(model), 1, ["optimizer.learning_rate=1e-9"], softmax=softmax)
    continue_run(out)
    for a, b in zip(weights_of(load_model(out)), weights_of(load_model(model)), strict=True):
        assert torch.allclose(a, b, atol=1e-7)


@pytest.mark.parametrize(
    "settings", [{}, {"distillation": 0.5, "typing_errors": 0.2}, {"distillation": 1.0, "typing_errors": 0.5}], ids=str
)
def test_a_run_needs_its_own_folder_alone_and_resumes_to_the_same_weights(tmp_path, trained, settings):
    model, _, softmax = trained
    unbroken, broken = (
        begin(tmp_path, name, str(model), 8, softmax=softmax, **settings) for name in ("unbroken", "broken")
    )
    shutil.rmtree(model)
    continue_run(unbroken)
    left = iter(range(4))
    assert not continue_run(broken, stop=lambda: next(left, None) is None).finished
    assert continue_run(broken).finished
    for a, b in zip(weights_of(load_model(broken)), weights_of(load_model(unbroken)), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("settings", "overrides", "message"),
    [
        ({"vocabulary_size": 20}, [], "has its own vocabulary; leave out --vocabulary"),
        ({}, ["bilm.lstm.cell_size=12"], "the layers of the recipe differ"),
        ({}, ["softmax=adaptive"], "a softmax with one row per word, but the recipe has softmax = adaptive"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, settings, overrides, message):
    model = begin(tmp_path, "first", None, 2, bilm=BILM, vocabulary_size=40)
    continue_run(model)
    with pytest.raises(ConfigError, match=message):
        begin(tmp_path, "second", str(model), 2, overrides, **settings)
    assert not (tmp_path / "second").exists()


def test_a_model_without_softmax_or_of_other_tokens_is_refused(tmp_path):
    model = begin(tmp_path, "first", None, 2, bilm=BILM, vocabulary_size=40)
    continue_run(model)
    corpus = tmp_path / "c.txt"
    with pytest.raises(ConfigError, match="was trained on raw text"):
        start_run([corpus], tmp_path / "x", pretrain_config(SETTINGS, []), start=str(model), pretokenized=True)
    whole = load_model(model)
    config = whole.config.model_copy(update={"n_words": None, "warm_state": False})
    bare = type(whole)(config, whole.bilm)
    save_native(bare, tmp_path / "bare")
    with pytest.raises(ConfigError, match="has no softmax to train"):
        begin(tmp_path, "second", str(tmp_path / "bare"))


def test_a_start_that_was_broken_is_reported(tmp_path):
    model = begin(tmp_path, "first", None, 2, bilm=BILM, vocabulary_size=40)
    continue_run(model)
    out = begin(tmp_path, "second", str(model), 2)
    (out / START_FOLDER / "model.safetensors").write_bytes(b"no")
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        continue_run(out)
