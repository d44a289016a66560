"""`elmo.train.distil`: the same run from Python, texts in memory."""

import pytest

from conftest import SMALL
from elmo.errors import ConfigError
from elmo.train import PretrainConfig, Run, distil
from elmo.train.teachers.distilled_recipe import DEFAULTS, NAMED_WITH_TEACHER, distillation_settings
from teachers import WORDS, write_teacher

TEXT = [[*WORDS[i:], *WORDS[:i]] for i in range(len(WORDS))] * 3
RECIPE = {"bilm": SMALL.model_dump(), "rows": 4, "window": 20, "n_negatives": 5, "teacher.weight": 3.0}


def test_a_run_of_sentences_in_memory(tmp_path):
    teacher = write_teacher(tmp_path / "teacher")
    names = [[word.title()] for word in WORDS[:9]]
    run = distil(teacher, TEXT, tmp_path / "run", RECIPE, teacher_text=names, max_steps=3)
    assert run.settings.recipe.state_reset == "sentences"
    assert run.settings.recipe.teacher.weight == 3.0
    assert run.settings.mix.sentences + 1 == len(names)
    assert Run.resume(tmp_path / "run").train().finished


def test_a_config_is_taken_as_it_is(tmp_path):
    teacher = write_teacher(tmp_path / "teacher")
    with pytest.raises(ConfigError, match=r"set teacher\.weight"):
        distil(teacher, TEXT, tmp_path / "run", PretrainConfig(bilm=SMALL))


def test_the_defaults_are_named_in_the_card():
    flat = {name for name, value in DEFAULTS.items() if not isinstance(value, dict)}
    flat |= {f"{name}.{key}" for name, value in DEFAULTS.items() if isinstance(value, dict) for key in value}
    assert flat <= set(NAMED_WITH_TEACHER)
    with pytest.raises(ConfigError, match="teacher = none"):
        distillation_settings({"teacher": None})
