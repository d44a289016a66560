"""Recipes of tasks: all of the repository are sound, options override them, what is missing is named."""

from pathlib import Path

import pytest

from elmo.apps.tasks.task_recipe import task_run
from elmo.checkpoints.load import bundled_models
from elmo.errors import ConfigError

RECIPES = sorted((Path(__file__).resolve().parents[3] / "recipes" / "tasks").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.name)
def test_every_recipe_of_the_repository_is_sound(path):
    run = task_run(path, {}, Path("a"), Path("b"), False, [])
    assert run.config.model in bundled_models()


def test_there_is_a_recipe_for_each_task():
    tasks = {task_run(path, {}, Path("a"), Path("b"), False, []).config.task for path in RECIPES}
    assert tasks == {"tag", "classify", "pair", "relation", "qa"}


def test_options_stand_over_a_recipe_and_its_paths_stand_from_where_it_lies(tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text('task = "tag"\ntrain = "a.conll"\ndev = "b.conll"\nseed = 3\n[optimizer]\nlearning_rate = 0.5\n')
    run = task_run(recipe, {"seed": 4, "model": None}, None, Path("mine.conll"), False, ["optimizer.clip_norm=2"])
    assert (run.train, run.dev, run.config.seed) == (tmp_path / "a.conll", Path("mine.conll"), 4)
    assert (run.config.optimizer.learning_rate, run.config.optimizer.clip_norm) == (0.5, 2)
    assert task_run(recipe, {}, None, None, True, []).config.model is None


@pytest.mark.parametrize(
    ("content", "overrides", "message"),
    [
        ("", [], "no task; give --task"),
        ('task = "tag"', [], "--train and --dev: missing"),
        ('task = "tag"\ntrain = "a"', [], "--dev: missing"),
        ('task = "sing"', [], "no task 'sing'; there are tag"),
        ('task = "tag"\nlayers = 3', [], "layers: "),
        ('task = "tag"', ["dropout=2"], "dropout: "),
        ('task = "tag"', ["dropout"], "dropout"),
        ('task = "tag"', ["no_answer=true"], "no_answer is a setting of the task qa"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(tmp_path, content, overrides, message):
    (tmp_path / "r.toml").write_text(content)
    with pytest.raises(ConfigError, match=message):
        task_run(tmp_path / "r.toml", {}, None, None, False, overrides)
