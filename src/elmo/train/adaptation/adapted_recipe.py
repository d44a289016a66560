"""The recipe of an adaptation: defaults of its own, and what depends on the length of its text."""

from collections.abc import Mapping
from typing import Any

from elmo.errors import ConfigError
from elmo.train.config import PretrainConfig
from elmo.train.loop import steps_of
from elmo.train.recipe import merged_settings

# What differs from the defaults of `PretrainConfig`; a recipe has the last word.
DEFAULTS: dict[str, Any] = {"epochs": 10, "optimizer": {"learning_rate": 0.001}, "adaptation": {}}
MOST_EVALUATE_EVERY, FEWEST_EVALUATE_EVERY = 250, 10  # steps; between them once an epoch
MOST_WARMUP, WARMUP_FRACTION = 100, 20  # steps of the warm-up: a twentieth of the run
# Settings that the card of an adapted model names, whether they are defaults or not: a run of another text has others.
NAMED = ("epochs", "evaluate_every", "optimizer.learning_rate", "optimizer.warmup_steps")


def adaptation_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a recipe over the defaults of an adaptation.

    Raises:
        ConfigError: `adaptation` is switched off.
    """
    settings: dict[str, Any] = merged_settings(DEFAULTS, dict(given))
    if settings["adaptation"] is None:
        raise ConfigError("adaptation = none: a model is not adapted so; leave it out, or use `elmo pretrain --start`")
    return settings


def settled_recipe(
    recipe: PretrainConfig, n_positions: int, fraction_old: float, max_steps: int | None, new_softmax: bool
) -> PretrainConfig:
    """A recipe with all that its text decides: length of the first phase, evaluations, warm-up, where it does not name them.

    Args:
        n_positions: of the new text. fraction_old: of the positions that are read, from an old text.
        max_steps: of the run. new_softmax: the model had none.
    """
    if recipe.adaptation is None:
        return recipe
    n_positions = int(n_positions / (1 - fraction_old))
    n_steps = steps_of(n_positions, recipe, max_steps)
    changes: dict[str, Any] = {"adaptation": recipe.adaptation.settled(n_steps, new_softmax)}
    if "evaluate_every" not in recipe.model_fields_set:
        an_epoch = n_positions // (recipe.rows * recipe.window)
        changes["evaluate_every"] = max(FEWEST_EVALUATE_EVERY, min(MOST_EVALUATE_EVERY, an_epoch))
    if "warmup_steps" not in recipe.optimizer.model_fields_set:
        warmup = min(MOST_WARMUP, n_steps // WARMUP_FRACTION)
        changes["optimizer"] = recipe.optimizer.model_copy(update={"warmup_steps": warmup})
    return recipe.model_copy(update=changes)
