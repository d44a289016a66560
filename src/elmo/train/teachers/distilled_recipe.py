"""The recipe of a run that learns from a teacher: defaults of its own."""

from collections.abc import Mapping
from typing import Any

from elmo.errors import ConfigError
from elmo.train.recipe import merged_settings

# What differs from the defaults of `PretrainConfig`; a recipe has the last word. A window holds several sentences, because a word
# is learned only where both directions read it in the same window.
DEFAULTS: dict[str, Any] = {
    "rows": 24,
    "window": 128,
    "state_reset": "sentences",
    "dropout": {"layer_inputs": 0.05, "output": 0.1},
    "optimizer": {"learning_rate": 0.001, "warmup_steps": 60, "final_share": 0.02},
    "teacher": {},
}


# Settings that the card of a student names, whether they are defaults or not.
NAMED_WITH_TEACHER = (
    "rows",
    "window",
    "state_reset",
    "dropout.layer_inputs",
    "dropout.output",
    "optimizer.learning_rate",
    "optimizer.warmup_steps",
    "optimizer.final_share",
    "teacher.weight",
    "teacher.language_model",
    "teacher.similarity",
    "teacher.layers",
    "teacher.mix",
    "teacher.word_vectors",
    "teacher.sentence_cosines",
)


def distillation_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a recipe over the defaults of a run with a teacher.

    Raises:
        ConfigError: `teacher` is switched off.
    """
    settings: dict[str, Any] = merged_settings(DEFAULTS, dict(given))
    if settings["teacher"] is None:
        raise ConfigError("teacher = none: nothing is learned from a teacher so; leave it out, or use `elmo pretrain`")
    return settings
