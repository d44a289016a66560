"""The best recipe of a search, as a recipe file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from elmo.apps.tuning.search_space import value_at
from elmo.apps.tuning.study import TrialRecord
from elmo.apps.tuning.trial import Trials
from elmo.storage.atomic import atomic_write
from elmo.train.recipe import flat_settings, recipe_text, with_overrides

BEST_FILE = "best.toml"


def recipe_with(
    settings: Mapping[str, Any], values: Mapping[str, Any], config_of: Callable[[Sequence[str]], BaseModel]
) -> dict[str, Any]:
    """The given settings with other values: dotted keys and values in the types of the settings."""
    overrides = [f"{key}={value if isinstance(value, str) else repr(value)}" for key, value in values.items()]
    config = config_of(overrides)
    found = {}
    for key, given in flat_settings(with_overrides(settings, overrides)).items():
        value = value_at(config, key)
        found[key] = values.get(key, given) if given is not None and _is_unknown(value) else value
    return found


def _is_unknown(value: Any) -> bool:
    """Whether a key stands for several settings, as a size does."""
    return value is None or isinstance(value, BaseModel)


def write_best_recipe(trials: Trials, best: TrialRecord, score_name: str, n_trials: int, folder: Path) -> None:
    """Write `best.toml`, atomically.

    Raises:
        OutputError: it cannot be written.
    """
    recipe = trials.recipe(best.values)
    unset = [f"{key}=none" for key, value in recipe.items() if value is None]  # TOML has no such value
    head = (
        f"# The best of {n_trials} trials of elmo tune: trial {best.number}, {score_name} {best.score:.6g}. To train it anew:\n"
        f"#\n#   {trials.command(BEST_FILE, unset)}\n\n"
    )
    with atomic_write(folder / BEST_FILE) as part:
        part.write_text(head + recipe_text(recipe), encoding="utf-8")
