from pathlib import Path

import pytest

from elmo.errors import ConfigError
from elmo.train.recipe import pretrain_config, read_recipe

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
