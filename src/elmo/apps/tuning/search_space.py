"""A search space: the settings that are searched and their values, checked against the settings of the recipe.

A setting is searched over a range, `low..high` or `low..high:log`, or over choices, `a,b,c` or a list. Values become
`key=value` as `--set` takes them, so a trial is the recipe with a few overrides.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from pydantic import AliasChoices, BaseModel

from elmo.errors import ConfigError

ConfigOf = Callable[[Sequence[str]], BaseModel]  # overrides, `key=value` -> the settings; ConfigError: they cannot work
Value = int | float | str  # a number of a range, or a choice as text

_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(:log)?")
_HOW = "write low..high, low..high:log, or choices a,b,c"
_MOST_COMBINATIONS = 1000  # of ends and choices that are all checked; of more, each value with two sets of the others


class Dimension(BaseModel, frozen=True, extra="forbid"):
    """One setting and its values: a range with both ends, or choices."""

    key: str  # dotted
    low: float | None = None
    high: float | None = None
    log: bool = False  # numbers of each order of magnitude are drawn equally often
    whole: bool = False  # whole numbers only
    choices: list[str] = []  # as `--set` takes them; empty: a range

    @property
    def ends(self) -> list[str]:
        """The values that are checked before a search: both ends, or all choices."""
        return self.choices or [self.text_of(self.number(end)) for end in (self.low, self.high) if end is not None]

    def number(self, value: float) -> int | float:
        """A number of the range, in its type."""
        return int(value) if self.whole else float(value)

    def holds(self, value: float) -> bool:
        """Whether a number lies in the range."""
        return self.low is not None and self.high is not None and self.low <= value <= self.high

    def text_of(self, value: Value) -> str:
        """A value as `--set` takes it."""
        return value if isinstance(value, str) else repr(value)

    def override(self, value: Value) -> str:
        """`key=value`."""
        return f"{self.key}={self.text_of(value)}"


def read_dimension(key: str, given: Any, source: str) -> Dimension:
    """Read what is given for a setting.

    Args:
        given: `low..high`, `low..high:log`, `a,b,c`, a JSON list as text, or a list. source: of messages.
    Raises:
        ConfigError: it is none of these, a range is empty, or there is a single choice.
    """
    shown = given if isinstance(given, str) else json.dumps(given, default=str)
    where = f"{source}: {key}={shown[:200]}"
    if isinstance(given, str) and (found := _RANGE.fullmatch(given.strip())):
        low, high, log = float(found[1]), float(found[2]), bool(found[3])
        if not (math.isfinite(low) and math.isfinite(high)) or low >= high:
            raise ConfigError(f"{where}: the low end must be below the high end, both finite")
        if log and low <= 0:
            raise ConfigError(f"{where}: a logarithmic range begins above 0; give a higher low end, or leave out :log")
        whole = not any(mark in found[1] + found[2] for mark in ".eE")
        return Dimension(key=key, low=low, high=high, log=log, whole=whole)
    choices = _choices_of(given, where)
    if len(choices) < 2:
        raise ConfigError(f"{where}: a search needs two values or more; {_HOW}, or give the value with --set")
    return Dimension(key=key, choices=choices)


def _choices_of(given: Any, where: str) -> list[str]:
    """Choices as `--set` takes them, each once."""
    if isinstance(given, str) and given.lstrip().startswith("["):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            raise ConfigError(f"{where}: not a list; write choices as a,b,c or as a JSON list") from None
    if isinstance(given, str):
        given = [part.strip() for part in given.split(",")]
    if not isinstance(given, list) or "" in given:
        raise ConfigError(f"{where}: neither a range nor choices; {_HOW}")
    return list(dict.fromkeys(one if isinstance(one, str) else json.dumps(one) for one in given))


def read_searches(table: Mapping[str, Any], options: Sequence[str], source: str) -> list[Dimension]:
    """The search space of a recipe's table `[tune]` and of `--search KEY=VALUES`, which come later and win.

    Args:
        table: dotted keys. source: name of the recipe.
    Raises:
        ConfigError: an entry is wrong, or there is none.
    """
    found = {key: read_dimension(key, given, f"{source}: [tune]") for key, given in table.items()}
    for option in options:
        key, separator, given = option.partition("=")
        key = key.strip()
        if not separator or not key:
            raise ConfigError(
                f"--search {option[:200]}: write KEY=VALUES, for instance --search optimizer.learning_rate=0.0005..0.005:log"
            )
        found[key] = read_dimension(key, given, "--search")
    if not found:
        raise ConfigError(
            f"{source}: nothing to search; give --search KEY=low..high or KEY=a,b,c, or a table [tune] in the recipe"
        )
    return list(found.values())


def checked_space(space: Sequence[Dimension], config_of: ConfigOf) -> list[Dimension]:
    """The search space with the type of each range, that of its setting, after its ends and choices have been tried.

    Raises:
        ConfigError: an unknown setting, a value that cannot work, or a range for a setting that is no number.
    """
    checked = []
    first = [f"{each.key}={each.ends[0]}" for each in space]
    config = config_of(first)
    for each in space:
        if each.low is None:
            checked.append(each)
            continue
        value = value_at(config, each.key)
        if isinstance(value, bool | str | list | tuple) or value is None:
            raise ConfigError(
                f"--search {each.key}: a range is for numbers, this setting is {value!r}; give choices a,b,c"
            )
        checked.append(each.model_copy(update={"whole": isinstance(value, int)}))
    for overrides in _to_check(checked):
        config_of(overrides)
    return checked


def _to_check(space: Sequence[Dimension]) -> Iterator[list[str]]:
    """Combinations of ends and choices: all, if they are not too many."""
    ends = [[f"{each.key}={end}" for end in each.ends] for each in space]
    if math.prod(map(len, ends)) <= _MOST_COMBINATIONS:
        yield from map(list, product(*ends))
        return
    for others in ([each[0] for each in ends], [each[-1] for each in ends]):
        for i, own in enumerate(ends):
            yield from ([*others[:i], one, *others[i + 1 :]] for one in own)


def own_values(space: Sequence[Dimension], config_of: ConfigOf) -> dict[str, Value]:
    """The values of the recipe itself, where they lie in the search space: the first trial has them."""
    try:
        config = config_of([])
    except ConfigError:  # it works only with the searched settings
        return {}
    found: dict[str, Value] = {}
    for each in space:
        value = value_at(config, each.key)
        if each.choices:
            for choice in each.choices:
                if value is not None and value_at(config_of([f"{each.key}={choice}"]), each.key) == value:
                    found[each.key] = choice
        elif isinstance(value, int | float) and each.holds(value):
            found[each.key] = each.number(value)
    return found


def value_at(config: BaseModel, key: str) -> Any:
    """The value of a dotted key in settings; None: there is none, as of a key that stands for several settings."""
    found: Any = config
    for name in key.split("."):
        if not isinstance(found, BaseModel):
            return None
        names = {alias: field for field, info in type(found).model_fields.items() for alias in _names_of(field, info)}
        if name not in names:
            return None
        found = getattr(found, names[name])
    return found


def _names_of(field: str, info: Any) -> list[str]:
    alias = info.validation_alias
    return [field, *map(str, alias.choices)] if isinstance(alias, AliasChoices) else [field]
