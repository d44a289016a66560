"""Text that is foreign to a model gets one warning; text like that of its training gets none."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from conftest import model_of, quick_recipe, small_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.train.runs.begin import start_run

ENGLISH = ["The", "river", "Rhine", "is", "called", "Рейн", "in", "Russia", "."]
RUSSIAN = ["Берег", "реки", "был", "зелёным", "."]
CHINESE = ["今", "天", "天", "气", "好"]


def knowing(scripts, layer=None):
    model = small_model() if layer is None else model_of(layer)
    return Elmo(replace(model, config=model.config.model_copy(update={"scripts": scripts})))


@pytest.mark.parametrize(("words", "script"), [(RUSSIAN, "Cyrillic"), (CHINESE, "Han")])
def test_a_script_that_was_not_trained_on_is_reported_once(words, script):
    elmo = knowing({"Latin": 0.9995, "Greek": 0.0005})
    with pytest.warns(
        UserWarning, match=f"100% of the letters of this text are {script}, and .* trained on Latin;"
    ) as seen:
        elmo.embed([words])
    assert seen[0].filename == __file__
    elmo.embed([words])  # warnings are errors here


@pytest.mark.parametrize("words", [ENGLISH, ["1", "+", "2"], [], ["а"]])
def test_text_of_known_scripts_and_a_foreign_name_are_not_reported(words):
    knowing({"Latin": 1.0}).embed([words])
    knowing({"Latin": 0.5, "Cyrillic": 0.2, "Han": 0.3}).embed([words, RUSSIAN, CHINESE])


def test_nothing_is_said_of_a_model_that_does_not_tell_its_scripts():
    Elmo(small_model()).embed([RUSSIAN[:2], CHINESE])


def test_characters_outside_an_alphabet_are_reported():
    elmo = knowing(None, "alphabet")
    elmo.embed([["the", "river", "bank"]])
    with pytest.warns(
        UserWarning, match=r"\d\d% of the characters of this text are not among the 16 characters of the model"
    ):
        elmo.embed([RUSSIAN])


def test_words_that_must_be_cut_are_reported():
    elmo = knowing(None)  # 11 bytes of a word
    elmo.embed([["short", "words", "and", "one", "verylongword", "verylongword"]])
    with pytest.warns(UserWarning, match=r"44% of the words of this text are longer than the 11 UTF-8 bytes"):
        elmo.embed([["verylongword", "word", "короткие"]])


def test_only_the_first_words_are_looked_at(monkeypatch):
    monkeypatch.setattr("elmo.embed.foreign_text.ENOUGH_WORDS", 6)
    elmo = knowing({"Latin": 1.0})
    elmo.embed([["the", "river"], ["the", "bank", "of", "the"]])
    elmo.embed([RUSSIAN])


def test_a_trained_model_knows_the_scripts_of_its_text(corpus_file, tmp_path):
    start_run([str(corpus_file)], tmp_path / "run", quick_recipe(), max_steps=2)
    continue_run(tmp_path / "run")
    assert load_model(tmp_path / "run").config.scripts == {"Latin": 1.0}


def test_the_vectors_are_the_same_with_and_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (vectors,) = knowing({"Latin": 1.0}).embed([RUSSIAN])
    (quiet,) = knowing(None).embed([RUSSIAN])
    assert np.array_equal(vectors, quiet)


def test_the_sum_of_the_layers_is_what_seqvec_takes():
    elmo = Elmo(small_model())
    (layers,), (total,) = (elmo.embed([list("MKVLA")], layers=which) for which in ("all", "sum"))
    assert np.allclose(total, layers.sum(axis=0), atol=1e-6)
