"""A recipe file and the options of the command line -> the settings and files of a task.

A recipe has the settings of `TaskConfig`, and `train` and `dev`, the files; paths of files in it are relative to the recipe.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elmo.apps.tasks.train_task import TaskRun
from elmo.errors import ConfigError
from elmo.tasks.config import TaskConfig
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
    settings, files = task_settings(recipe, options, train, dev, baseline, overrides)
    config = task_config_of(settings, "settings" if recipe is None else str(recipe))
    named = require_files(files)
    return TaskRun(config=config, train=named["train"], dev=named["dev"])


def task_settings(
    recipe: Path | None,
    options: Mapping[str, Any],
    train: Path | None,
    dev: Path | None,
    baseline: bool,
    overrides: Sequence[str],
) -> tuple[dict[str, Any], dict[str, Path | None]]:
    """The settings as they are given, and the files `train` and `dev`; arguments and errors as of `task_run`."""
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
    return settings, files


def task_config_of(settings: Mapping[str, Any], source: str) -> TaskConfig:
    """Settings as those of their kind of task.

    Args:
        source: what messages call them.
    Raises:
        ConfigError: no task, or a setting that cannot work.
    """
    if "task" not in settings:
        raise ConfigError("no task; give --task tag, classify, pair, relation or qa, or a recipe")
    try:
        kind, own = of_its_kind(settings)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}") from error
    return validated(kind, own, source)


def require_files(files: Mapping[str, Path | None]) -> dict[str, Path]:
    """The files of a task, all named.

    Raises:
        ConfigError: one is missing.
    """
    missing = [f"--{name}" for name, path in files.items() if path is None]
    if missing:
        raise ConfigError(f"{' and '.join(missing)}: missing; give the file, or a recipe that names it")
    return {name: path for name, path in files.items() if path is not None}
