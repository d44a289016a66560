"""One odd change of a parsed JSON value: of another type, out of range, gone, renamed, repeated."""

import json
import random
from collections.abc import Iterator
from typing import Any

ODD_VALUES: list[Any] = [None, True, False, -1, 0, 1, 2.5, 10**9, 10**30, float("nan"), float("inf"), -1e400]
ODD_VALUES += [
    "",
    " ",
    "x" * 3000,
    "2",
    "../..",
    "/etc/passwd",
    "\x00",
    "\ud800",
    [],
    [[]],
    {},
    [None],
    ["a", "a"],
    {"a": 1},
]


def mutate_json_value(content: Any, rng: random.Random) -> str:
    """Change one place of parsed JSON, in place; says which."""
    places = list(_places(content))
    if not places:
        return "nothing to change"
    holder, key, path = rng.choice(places)
    how = rng.choice(["odd", "odd", "odd", "delete", "other", "wrap", "text", "add", "repeat"])
    if how == "odd":
        holder[key] = rng.choice(ODD_VALUES)
    elif how == "delete":
        del holder[key]
    elif how == "other":
        other, at, _ = rng.choice(places)
        holder[key] = json.loads(json.dumps(other[at] if not _is_gone(other, at) else None))
    elif how == "wrap":
        holder[key] = rng.choice([[holder[key]], {"value": holder[key]}])
    elif how == "text":
        holder[key] = str(holder[key])
    elif how == "add" and isinstance(holder, dict):
        holder[rng.choice(["unheard", "", "__class__", "x" * 2000])] = rng.choice(ODD_VALUES)
    elif isinstance(holder, list):
        holder.insert(key, holder[key])
    else:
        holder[f"{key} "] = holder.pop(key)
    return f"{how} at {path[:60]}"


def _is_gone(holder: Any, key: Any) -> bool:
    return key >= len(holder) if isinstance(holder, list) else key not in holder


def _places(content: Any, path: str = "", depth: int = 0) -> Iterator[tuple[Any, Any, str]]:
    """All holders with a key, and its path."""
    keys = (
        range(min(len(content), 50))
        if isinstance(content, list)
        else list(content)
        if isinstance(content, dict)
        else ()
    )
    for key in keys:
        yield content, key, f"{path}/{key}"
        if depth < 12:
            yield from _places(content[key], f"{path}/{key}", depth + 1)
