"""A recipe file and `--set key=value` -> the frozen settings of a run."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from elmo.errors import ConfigError
from elmo.model.config import bilm_config
from elmo.train.config import PretrainConfig


def read_recipe(path: Path) -> dict[str, Any]:
    """Read a recipe (TOML).

    Raises:
        ConfigError: it is missing or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path.absolute()}: no such recipe") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not a readable TOML file ({error})") from error


def pretrain_config(settings: dict[str, Any], overrides: list[str], source: str = "recipe") -> PretrainConfig:
    """Settings of a recipe with `key=value` overrides, keys dotted (`optimizer.learning_rate=0.2`).

    A key `size` names a published size and stands for `bilm`.

    Raises:
        ConfigError: an unknown key or a value that cannot work; all of them in one message.
    """
    settings = dict(settings)
    if "size" in settings:
        settings["bilm"] = {**bilm_config(settings.pop("size")).model_dump(), **settings.get("bilm", {})}
    for override in overrides:
        key, separator, value = override.partition("=")
        if not separator:
            raise ConfigError(f"--set {override}: write key=value, for instance --set optimizer.learning_rate=0.2")
        *path, last = key.strip().split(".")
        place = settings
        for name in path:
            inner = place.get(name, {})
            if not isinstance(inner, dict):
                inner = {}
            place[name] = dict(inner)
            place = place[name]
        place[last] = None if value.strip().lower() in ("none", "null") else value.strip()
    settings["bilm"] = _filled(settings.get("bilm", {}))
    try:
        return PretrainConfig.model_validate(settings)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']} (got {e['input']!r})" for e in error.errors()
        )
        raise ConfigError(f"{source}: {faults}") from error


def _filled(bilm: dict[str, Any]) -> dict[str, Any]:
    """The settings of size tiny, with those given in their place."""
    filled = bilm_config("tiny").model_dump()
    for name, value in bilm.items():
        if name in filled and isinstance(value, dict):
            filled[name].update(value)
        else:
            filled[name] = value
    return filled
