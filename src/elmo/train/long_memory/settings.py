"""The settings of long memory: of the cache, of dynamic evaluation, and the values that are tried on a validation text."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field

from elmo.embed.language_model.neural_cache import CacheConfig
from elmo.errors import ConfigError
from elmo.train.recipe import validated, with_overrides

_Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Weight = Annotated[float, Field(ge=0, lt=1)]


class DynamicConfig(BaseModel, frozen=True, extra="forbid"):
    """Settings of dynamic evaluation, see `dynamic_evaluation.py`."""

    learning_rate: _Rate = 1e-4  # eta
    decay: _Rate = 1e-3  # lambda, towards the trained weights
    epsilon: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3e-4  # limits the steps of what MS has not seen
    segment: Annotated[int, Field(gt=0)] = 20  # tokens before a step, at most; a sentence is cut into equal parts


class GridConfig(BaseModel, frozen=True, extra="forbid"):
    """The values that are tried on a validation text."""

    tokens: Annotated[int, Field(gt=0)] = 10_000  # of the text that are read, whole sentences from its beginning
    theta: Annotated[tuple[_Rate, ...], Field(min_length=1)] = (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0)
    weight: Annotated[tuple[_Weight, ...], Field(min_length=1)] = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
    learning_rate: Annotated[tuple[_Rate, ...], Field(min_length=1)] = (3e-5, 1e-4, 3e-4)
    decay: Annotated[tuple[_Rate, ...], Field(min_length=1)] = (1e-3, 1e-2)


class LongMemoryConfig(BaseModel, frozen=True, extra="forbid"):
    """Which figures are measured, and how."""

    cache: CacheConfig | None = None  # None: no figure with a cache
    dynamic: DynamicConfig | None = None  # None: no figure with dynamic evaluation
    grid: GridConfig = GridConfig()


def long_memory_config(cache_size: int | None, dynamic: bool, overrides: Sequence[str]) -> LongMemoryConfig | None:
    """The settings of a command.

    Args:
        cache_size: states in the cache; None: no cache.
        dynamic: whether dynamic evaluation is asked for.
        overrides: `cache.theta=0.1`, see `recipe.with_overrides`.
    Returns:
        None if neither is asked for.
    Raises:
        ConfigError: an unknown key, a value that cannot work, or a setting of what is not asked for.
    """
    settings: dict[str, Any] = with_overrides({}, overrides)
    for part, asked, option in (("cache", cache_size is not None, "--cache N"), ("dynamic", dynamic, "--dynamic")):
        if asked:
            settings.setdefault(part, {})
        elif part in settings:
            raise ConfigError(f"--set {part}.*: there is nothing to set without {option}; add it")
    if cache_size is None and not dynamic:
        if settings:
            raise ConfigError(f"--set {min(settings)}: there is nothing to set without --cache N or --dynamic; add one")
        return None
    if cache_size is not None and isinstance(settings["cache"], dict):
        settings["cache"]["size"] = cache_size
    return validated(LongMemoryConfig, settings, "--set")
