"""How results reach the terminal: JSON or a small table on stdout, progress on stderr."""

import json
import shutil
import sys
from collections.abc import Mapping
from typing import Any


def show_facts(facts: Mapping[str, Any], as_json: bool) -> None:
    """Print facts as one JSON object, or one per line with the names in the first column."""
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        shown = (
            (f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) >= 0.001 or value == 0 else f"{value:.2g}")
            if isinstance(value, float)
            else f"{value:,}"
            if type(value) is int
            else value
        )
        print(f"{name:{width}}  {shown}")


def say(line: str) -> None:
    """Print a line on stderr."""
    print(line, file=sys.stderr, flush=True)


def say_in_place(line: str) -> None:
    """Show a progress line on stderr, which the next one replaces; print nothing in a pipe."""
    if sys.stderr.isatty():
        line = line[: shutil.get_terminal_size().columns - 1]  # a wrapped line could not be replaced
        print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)
