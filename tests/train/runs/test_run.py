"""A run from Python: trained on sentences in memory, stopped, resumed; the same bits as the command line's."""

from pathlib import Path

import pytest
import torch

from conftest import SMALL, TEXT
from elmo.checkpoints.load import load_model
from elmo.errors import ConfigError, TextError, TrainingError
from elmo.train import Run

SENTENCES = [line.split() for line in (TEXT * 10).splitlines()]
RECIPE = {
    "bilm": SMALL.model_dump(),
    "rows": 4,
    "window": 7,
    "n_negatives": 6,
    "log_every": 1,
    "optimizer.learning_rate": 0.01,
    "optimizer.warmup_steps": 2,
    "epochs": 3,
}
SETTINGS = [
    "bilm.char_cnn.embedding_size=3",
    "bilm.char_cnn.filters=[[1,4],[3,5]]",
    "bilm.char_cnn.n_highway=1",
    "bilm.char_cnn.max_characters=13",
    "bilm.lstm.cell_size=11",
    "bilm.lstm.projection_size=7",
    *(f"{key}={value}" for key, value in RECIPE.items() if key != "bilm"),
]


def parameters(folder: Path) -> list[torch.Tensor]:
    model = load_model(folder)
    return [*model.bilm.parameters(), *model.softmax.parameters()]


def test_sentences_in_memory_train_as_the_command_does_and_a_resume_changes_no_bit(run_elmo, tmp_path):
    (tmp_path / "c.txt").write_text("\n".join(map(" ".join, SENTENCES)) + "\n")
    words = (word for key in SETTINGS for word in ("--set", key))
    ran = run_elmo("pretrain", "--corpus", tmp_path / "c.txt", "--pretokenized", "-o", tmp_path / "cli", *words)
    assert ran.status == 0, ran.err

    run = Run.begin(SENTENCES, tmp_path / "run", RECIPE)
    assert repr(run).endswith("not trained yet)")
    calls = iter(range(99))
    broken = run.train(stop=lambda: next(calls) >= 5)
    assert (broken.finished, broken.why, broken.heldout) == (False, "interrupted", None)
    lines = []
    result = Run.resume(tmp_path / "run").train(on_report=lines.append)
    assert (result.finished, result.why, result.steps) == (True, "all steps done", result.n_steps)
    assert result.epochs == pytest.approx(3, abs=0.2)
    assert lines[0].step == broken.steps + 1
    assert result.facts()["mean"] == result.heldout.mean
    for a, b in zip(parameters(tmp_path / "cli"), parameters(tmp_path / "run"), strict=True):
        assert torch.equal(a, b)
    assert run.model().embed([["the", "river"]])[0].shape[0] == 2


def test_a_run_may_end_at_a_step_and_go_on_to_another(tmp_path):
    whole = Run.begin(SENTENCES, tmp_path / "whole", RECIPE, max_steps=9)
    whole.train()
    run = Run.begin(SENTENCES, tmp_path / "run", RECIPE)
    first = run.train(max_steps=9)
    assert (first.steps, first.why) == (9, "planned step reached")
    for a, b in zip(parameters(tmp_path / "whole"), parameters(tmp_path / "run"), strict=True):
        assert torch.equal(a, b)
    rest = run.train()
    assert (rest.steps, rest.why) == (rest.n_steps, "all steps done")


def test_strings_are_tokenized_sentences_and_files_are_paths(tmp_path, corpus_file):
    run = Run.begin(["The bank's river .", "No money !"] * 9, tmp_path / "a", RECIPE)
    assert run.settings.tokens + run.settings.sentences > 9 * 7
    assert Run.begin(str(corpus_file), tmp_path / "b", RECIPE).settings.corpus == ["corpus.txt"]
    assert Run.begin([corpus_file], tmp_path / "c", RECIPE, heldout=["The river ."]).settings.corpus == ["corpus.txt"]
    with pytest.raises(
        TextError, match=r"corpus\.txt is a file; in a list, strings are sentences: give files as Paths"
    ):
        Run.begin([str(corpus_file)], tmp_path / "d", RECIPE)


@pytest.mark.parametrize(
    ("corpus", "recipe", "error", "message"),
    [
        (["a b", ["c", "d"]], {}, TextError, "sentence 1: the corpus mixes strings and lists of tokens"),
        ([["a", 3]], {}, TextError, "sentence 0 is"),
        (5, {}, TextError, "not int"),
        ([], {}, TextError, "the sentences: no text in the corpus"),
        (SENTENCES, {"epoch": 3}, ConfigError, "epoch: no such setting; did you mean epochs?"),
        (SENTENCES, {"optimizer": 3, "optimizer.name": "sgd"}, ConfigError, "as a table and as a value"),
    ],
    ids=str,
)
def test_what_cannot_be_trained_on_is_refused_and_leaves_nothing(tmp_path, corpus, recipe, error, message):
    with pytest.raises(error, match=message):
        Run.begin(corpus, tmp_path / "run", recipe)
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_model_and_a_folder_without_a_run_say_so(tmp_path):
    with pytest.raises(TrainingError, match="this run has no model yet; call train"):
        Run.begin(SENTENCES, tmp_path / "run", RECIPE).model()
    with pytest.raises(TrainingError, match="run"):
        Run.resume(tmp_path)
