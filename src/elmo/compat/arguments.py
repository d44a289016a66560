"""Arguments of old calls, checked: where those programs raise a traceback, these raise one sentence."""

from typing import Any

from elmo.errors import ConfigError


def whole_number(name: str, value: Any, minimum: int = 1) -> int:
    """The value as a whole number.

    Raises:
        ConfigError: it is none, or too small.
    """
    try:
        number = value.__index__()
    except AttributeError:
        raise ConfigError(f"{name} is {value!r:.80}, expected a whole number") from None
    if isinstance(value, bool) or number < minimum:
        raise ConfigError(f"{name} {value}: must be at least {minimum}")
    return int(number)


def one_of(name: str, value: Any, choices: dict[str, Any]) -> Any:
    """The value of a name.

    Raises:
        ConfigError: there is no such name.
    """
    if not isinstance(value, str) or value not in choices:
        raise ConfigError(f"{name}={value!r:.80}; there are {', '.join(choices)}")
    return choices[value]
