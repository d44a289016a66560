"""The rows of the ablation: each is the recipe with the part changed that its name says, and goes on where it was stopped."""

import json

import numpy as np
import pytest

from benchmarks.measure.training import ablation
from benchmarks.measure.training.ablation import RECIPE, ROWS, ForwardHalf, command_of, seconds_of, train
from benchmarks.pages.ablation import LABELS
from conftest import TEXT, small_model
from elmo import Elmo
from elmo.analysis.probe_vectors import ElmoVectors
from elmo.train.recipe import flat_settings, pretrain_config, read_recipe

TINY = (
    "bilm.lstm.cell_size=8",
    "bilm.lstm.projection_size=6",
    "bilm.char_cnn.filters=[[1,4]]",
    "rows=2",
    "window=5",
    "vocabulary_size=30",
    "n_negatives=5",
)


def of_row(row):
    config = pretrain_config(read_recipe(RECIPE), list(ROWS[row]))
    return flat_settings(config.model_dump(mode="json"))


def test_a_row_differs_from_the_recipe_in_its_part_alone():
    full = of_row("full")
    for row in ROWS:
        own = of_row(row)
        changed = {key for key in {*own, *full} if own.get(key) != full.get(key)}
        named = {setting.partition("=")[0] for setting in ROWS[row]}
        assert all(
            any(key == name or key.startswith(f"{name}.") for name in named) or "word_embedding" in key
            for key in changed
        )
        assert bool(changed) == (row not in ("full", "forward"))
    assert full["bilm.lstm.skip_connections"] is True
    assert (full["bilm.lstm.cell_clip"], full["bilm.lstm.projection_clip"]) == (3.0, 3.0)
    assert (full["state_reset"], full["bilm.lstm.n_layers"]) == ("sentences", 2)
    assert all(full[f"dropout.{name}"] > 0 for name in ("layer_inputs", "output", "words", "recurrent"))
    assert of_row("words")["bilm.char_cnn"] is None


def test_there_are_at_most_twelve_rows_and_each_has_its_names_in_both_languages():
    assert len(ROWS) <= 12
    assert list(LABELS) == list(ROWS)


def test_the_forward_half_is_what_the_forward_direction_gives():
    elmo = Elmo(small_model())
    sentences = [["the", "river", "bank"], ["money", "."]]
    whole, half = (list(kind(elmo, "a").stream(sentences)) for kind in (ElmoVectors, ForwardHalf))
    for w, h in zip(whole, half, strict=True):
        assert h.shape == (*w.shape[:2], 7)
        assert np.array_equal(h, w[..., :7])
    changed = next(ForwardHalf(elmo, "a").stream([["the", "river", "lends"]]))
    assert np.allclose(changed[:3, :2], half[0][:3, :2], atol=1e-5)  # no token knows what comes after it
    assert not np.allclose(changed[:3, 2], half[0][:3, 2], atol=1e-2)


def test_a_row_is_trained_in_a_folder_of_its_own_and_one_that_was_stopped_is_continued(tmp_path, monkeypatch):
    monkeypatch.setattr(ablation, "ROOT", tmp_path)
    monkeypatch.setattr(ablation, "_OF_ALL_ROWS", (*TINY, "checkpoint_minutes=0.001"))
    text = tmp_path / "runs" / "ablation" / "text.txt"
    text.parent.mkdir(parents=True)
    text.write_text(TEXT * 4)
    run = train("no-clip", 3, 20, 4)
    assert run == text.parent / "no-clip-3-4steps"
    settings = json.loads((run / "run.json").read_text())["recipe"]
    assert (settings["bilm"]["lstm"]["cell_clip"], settings["seed"]) == (None, 3)
    assert train("no-clip", 3, 20, 4) == run  # trained already
    assert seconds_of(run) > 0
    weights = (run / "model.safetensors").read_bytes()
    (run / "config.json").unlink()  # as if it had been killed before the model was written
    assert train("no-clip", 3, 20, 4) == run
    assert (run / "model.safetensors").read_bytes() == weights
    assert seconds_of(tmp_path) == 0


@pytest.mark.parametrize(
    ("arguments", "end"),
    [(("full", 0, 20.0, None), "--only full --seed 0 --save"), (("words", 1, 1.0, None), "--seed 1 --minutes 1 --save"),
     (("words", 1, 20.0, 500), "--seed 1 --steps 500 --save")],
)  # fmt: skip
def test_the_command_of_a_row_measures_it_again(arguments, end):
    assert command_of(*arguments).endswith(end)
