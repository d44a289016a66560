"""A recipe file and `--set key=value` -> the frozen settings of a run, and back."""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from elmo.errors import ConfigError, setting_name
from elmo.model.config import SIZES, bilm_config, settings_of
from elmo.model.encoders.settings import EncoderConfig
from elmo.train.config import PretrainConfig

C = TypeVar("C", bound=BaseModel)

SEARCH_TABLE = "tune"
_DEEPEST = 4  # dots of a key
_ALIKE = 0.6  # of 1: how much alike a misspelt key and the one that is proposed must be


def read_recipe(path: Path) -> dict[str, Any]:
    """Read a recipe (TOML), without its search space, which only `elmo tune` reads.

    Raises:
        ConfigError: it is missing or is not TOML.
    """
    return {name: value for name, value in _read_toml(path).items() if name != SEARCH_TABLE}


def read_search(path: Path) -> dict[str, Any]:
    """Read the search space of a recipe, its table `[tune]`: dotted keys and what is given for each.

    Raises:
        ConfigError: the recipe is missing or is not TOML, or `tune` is no table.
    """
    given = _read_toml(path).get(SEARCH_TABLE, {})
    if not isinstance(given, dict):
        raise ConfigError(f"{path}: tune is no table; write [tune] and a line KEY = VALUES for each setting to search")
    return flat_settings(given)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path.absolute()}: no such recipe") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not a readable TOML file ({error})") from error


def pretrain_config(settings: dict[str, Any], overrides: list[str], source: str = "recipe") -> PretrainConfig:
    """Settings of a recipe with `key=value` overrides, keys dotted (`optimizer.learning_rate=0.2`).

    A key `size` names a size of `bilm`, tiny if not given; settings under `bilm` then change it.

    Raises:
        ConfigError: an unknown key or a value that cannot work; all of them in one message.
    """
    settings = with_overrides(settings, overrides)
    if "size" in settings or "bilm" in settings:  # else the default stays one that nobody asked for
        size = bilm_config(settings.pop("size", "tiny")).model_dump()
        settings["bilm"] = _with_size(size, settings["bilm"]) if "bilm" in settings else size
    return validated(PretrainConfig, settings, source)


def _with_size(size: dict[str, Any], changes: Any) -> Any:
    """The settings of a size with changes applied; an encoder of another kind replaces the LSTM of the size."""
    if isinstance(changes, dict) and isinstance(changes.get("encoder"), dict):
        encoder = dict(changes["encoder"])
        changes = {name: value for name, value in changes.items() if name != "encoder"}
        if encoder.get("kind", "lstm") == "lstm":
            encoder.pop("kind", None)
            changes["lstm"] = merged_settings(changes.get("lstm", {}), encoder)
        else:
            size = {name: value for name, value in size.items() if name != "lstm"}
            changes["encoder"] = encoder
    return merged_settings(size, changes)


def with_overrides(settings: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A copy of settings with `key=value` overrides applied; keys are dotted.

    Raises:
        ConfigError: an override is none.
    """
    merged: dict[str, Any] = merged_settings({}, dict(settings))
    for override in overrides:
        key, separator, value = override.partition("=")
        if not separator:
            raise ConfigError(f"--set {override}: write key=value, for instance --set optimizer.learning_rate=0.2")
        if key.count(".") > _DEEPEST:
            raise ConfigError(f"--set {override[:80]}: settings are not nested that deep")
        change: Any = _value_of(value.strip(), override)
        for name in reversed(key.strip().split(".")):
            change = {name: change}
        merged = merged_settings(merged, change)
    return merged


Recipe = PretrainConfig | Path | str | Mapping[str, Any]


def recipe_of(
    given: Recipe | None, completed: Callable[[dict[str, Any]], dict[str, Any]] = lambda settings: settings
) -> PretrainConfig:
    """What a Python caller gives as a recipe: a config as it is, a TOML file, settings by name, or nothing.

    Args:
        completed: puts settings over the defaults of a command.
    Raises:
        ConfigError: no such file, an unknown key or a value that cannot work.
    """
    if isinstance(given, PretrainConfig):
        return given
    if given is None or isinstance(given, Mapping):
        return pretrain_config(completed(nested_settings(given or {})), [], "recipe")
    return pretrain_config(completed(read_recipe(Path(given))), [], str(given))


def nested_settings(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Settings by name, dotted (`optimizer.learning_rate`) or nested, as tables in tables.

    Raises:
        ConfigError: a name is no string, or one is given as a table and as a value.
    """
    nested: dict[str, Any] = {}
    for key, value in given.items():
        if not isinstance(key, str):
            raise ConfigError(f"recipe: the name of a setting is {key!r}; expected a string")
        _put(nested, key.split("."), value)
    return nested


def _put(settings: dict[str, Any], names: Sequence[str], value: Any) -> None:
    """Set a setting at a dotted key, tables on the way made if need be."""
    *tables, name = names
    for table in tables:
        inner = settings.setdefault(table, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"recipe: {table} is given as a table and as a value; give one of the two")
        settings = inner
    settings[name] = {**settings[name], **value} if isinstance(settings.get(name), dict) else value


def validated(kind: type[C], settings: Mapping[str, Any], source: str) -> C:
    """Settings as a config of their kind.

    Raises:
        ConfigError: an unknown key or a value that cannot work; all of them in one message.
    """
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(f"{source}: {'; '.join(_fault(kind, settings, e) for e in error.errors())}") from error


def _fault(kind: type[BaseModel], settings: Mapping[str, Any], error: ErrorDetails) -> str:
    """The error message for one setting; for an unknown key, with the most similar known one."""
    key = setting_name(error["loc"]) or "settings"
    if error["type"] != "extra_forbidden":
        return f"{key}: {error['msg']} (got {error['input']!r:.200})"
    known = list(_keys_of(kind))
    above, _, leaf = key.rpartition(".")
    within = [name for name in known if name.rpartition(".")[0] == above]
    if own := _encoder_at(settings, error["loc"][:-1]):
        known = within = [f"{above}.{name}" for name in own.model_fields]
    like: list[str] = []
    for names in (within, known):
        by_leaf = {name.rpartition(".")[2]: name for name in names}
        like = like or [by_leaf[name] for name in get_close_matches(leaf, by_leaf, 1, _ALIKE)]
    advice = f"did you mean {like[0]}?" if like else f"the settings here are {', '.join(within or known)}"
    return f"{key}: no such setting; {advice}"


def _encoder_at(settings: Mapping[str, Any], table_keys: Sequence[int | str]) -> type[EncoderConfig] | None:
    """The settings of the encoder whose kind is given in a table of the recipe; None: none is given there."""
    table: Any = settings
    for name in table_keys:
        table = table.get(name) if isinstance(table, Mapping) else None
    return settings_of(table["kind"]) if isinstance(table, Mapping) and "kind" in table else None


def _keys_of(kind: type[BaseModel], above: str = "") -> Iterator[str]:
    """The dotted keys of all settings of a kind, tables included; those of a setting with two names under both."""
    for name, field in kind.model_fields.items():
        aliases = field.validation_alias.choices if isinstance(field.validation_alias, AliasChoices) else [name]
        inner = {type(field.default), *get_args(field.annotation), field.annotation}
        for key in map(str, aliases):
            yield f"{above}{key}"
            for own in inner:
                if isinstance(own, type) and issubclass(own, BaseModel):
                    yield from _keys_of(own, f"{above}{key}.")


def _value_of(text: str, override: str) -> Any:
    """The value of an override: JSON if it is a list or a table, else as it is written.

    Raises:
        ConfigError: a list that is none.
    """
    if text.lower() in ("none", "null"):
        return None
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError(
            f"--set {override[:80]}: not a list; write it as JSON, for instance --set 'bilm.char_cnn.filters=[[1,32],[3,64]]'"
        ) from None


def changed_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that differ from the defaults: the nearest size, then each changed setting; keys dotted.

    Args:
        settings: of a `PretrainConfig`, as JSON has them; keys of another version of this program may be among them.
    """
    given = flat_settings(settings)
    changes = {
        size: _changes(given, flat_settings(pretrain_config({"size": size}, []).model_dump(mode="json")))
        for size in SIZES
    }
    size = min(SIZES, key=lambda size: len(changes[size]))
    return ({"size": size} if "bilm" in settings else {}) | changes[size]


def recipe_text(changes: Mapping[str, Any]) -> str:
    """A recipe (TOML) of `changed_settings`; TOML has no None, so those are left to `--set KEY=none`."""
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in changes.items() if value is not None
    )


def _changes(given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in defaults or defaults[key] != value}


def flat_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings by their dotted keys."""
    return {key: value for name, part in settings.items() for key, value in _flat(name, part)}


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        yield key, value
        return
    for name, part in value.items():
        yield from _flat(f"{key}.{name}", part)


def merged_settings(settings: dict[str, Any], changes: Any) -> Any:
    """Settings with changes applied, table by table; a value that is not a table replaces the old one."""
    if not isinstance(changes, dict):
        return changes
    merged = dict(settings)
    for name, value in changes.items():
        inner = merged.get(name)
        merged[name] = merged_settings(inner if isinstance(inner, dict) else {}, value)
    return merged
