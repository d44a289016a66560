import tomllib
from pathlib import Path

import pytest

from elmo.errors import ConfigError
from elmo.model.config import SIZES
from elmo.train.recipe import changed_settings, pretrain_config, read_recipe, recipe_text

RECIPES = sorted((Path(__file__).resolve().parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.name)
def test_every_recipe_of_the_repository_is_sound(path):
    pretrain_config(read_recipe(path), [], str(path))


def test_there_are_recipes():
    assert RECIPES


def test_a_recipe_that_is_missing_or_no_toml_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: no such recipe"):
        read_recipe(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("rows = = 3")
    with pytest.raises(ConfigError, match=r"bad\.toml: not a readable TOML"):
        read_recipe(tmp_path / "bad.toml")


OVERRIDES = [
    "rows=5",
    "optimizer.name=adagrad",
    "optimizer.learning_rate=0.00001",
    "state_reset=never",
    "bilm.lstm.n_layers=3",
    "bilm.lstm.projection_clip=1.5",
    "bilm.char_cnn.activation=tanh",
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("overrides", [[], OVERRIDES[:1], OVERRIDES])
def test_the_recipe_written_of_a_run_makes_the_same_run(size, overrides):
    config = pretrain_config({"size": size, "bilm": {"char_cnn": {"filters": [[1, 4], [2, 5]]}}}, overrides)
    changes = changed_settings(config.model_dump(mode="json"))
    assert changes["size"] == size
    assert len(changes) == 2 + len(overrides)
    assert pretrain_config(tomllib.loads(recipe_text(changes)), []) == config


def test_a_setting_of_none_is_reported_but_not_written():
    changes = changed_settings(pretrain_config({}, ["bilm.lstm.cell_clip=none"]).model_dump(mode="json"))
    assert changes == {"size": "tiny", "bilm.lstm.cell_clip": None}
    assert recipe_text(changes) == 'size = "tiny"\n'


def test_settings_of_another_version_are_reported_too():
    assert changed_settings({"rows": 64, "gates": {"n": 3}}) == {"gates.n": 3}
    assert changed_settings({}) == {}
