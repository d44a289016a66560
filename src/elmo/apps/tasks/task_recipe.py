"""A recipe file and the options of the command line -> the settings and files of a task.

A recipe has the settings of `TaskConfig`, and `train` and `dev`, the files; paths of files in it are relative to the recipe.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elmo.apps.tasks.train_task import TaskRun
from elmo.errors import ConfigError
from elmo.tasks.kinds.registry import of_its_kind
from elmo.train.recipe import read_recipe, validated, with_overrides


def task_run(
    recipe: Path | None,
    options: Mapping[str, Any],
    train: Path | None,
    dev: Path | None,
    baseline: bool,
    overrides: Sequence[str],
) -> TaskRun:
    """Combine a recipe and options.

    Args:
        options: settings that override the recipe; None: not given. train, dev: files that override those of the recipe.
        baseline: without ELMo. overrides: `key=value`, over all.
    Raises:
        ConfigError: no such recipe, a setting that cannot work, or a file that is not named.
    """
    settings = {} if recipe is None else read_recipe(recipe)
    files = {"train": train, "dev": dev}
    for name, path in files.items():
        named = settings.pop(name, None)
        if path is None and isinstance(named, str) and recipe is not None:
            files[name] = recipe.parent / named
    inputs = settings.get("inputs")
    if isinstance(inputs, dict) and isinstance(inputs.get("vectors"), str) and recipe is not None:
        settings["inputs"] = {**inputs, "vectors": str(recipe.parent / inputs["vectors"])}
    settings |= {name: value for name, value in options.items() if value is not None}
    settings = with_overrides(settings, overrides)
    if baseline:
        settings["model"] = None
    if "task" not in settings:
        raise ConfigError("no task; give --task tag, classify, pair, relation or qa, or a recipe")
    source = "settings" if recipe is None else str(recipe)
    try:
        kind, own = of_its_kind(settings)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}") from error
    config = validated(kind, own, source)
    missing = [f"--{name}" for name, path in files.items() if path is None]
    if missing:
        raise ConfigError(f"{' and '.join(missing)}: missing; give the file, or a recipe that names it")
    return TaskRun(config=config, train=files["train"], dev=files["dev"])
