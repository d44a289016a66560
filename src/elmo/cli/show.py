"""How results reach the terminal: JSON, lines or tables on stdout, progress and messages on stderr. No other module writes there.

Words, labels and file names are untrusted. They are never read as markup, and characters that control a terminal or
reorder a line (control characters, escape sequences, bidirectional overrides, separators of lines) are shown as escapes, `\\x1b`.
JSON stays exact: the same escapes are JSON's own. Tokenized text is exact in a file or a pipe, and escaped on a terminal.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

Part = str | tuple[str, str]  # of a line: a text, or a text with its style

# Tabs align columns and stay; \n is kept where a text may have several lines.
_COMMANDS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_IN_LINES, _IN_A_LINE = re.compile(f"[{_COMMANDS}]"), re.compile(f"[\n{_COMMANDS}]")


def visible(text: str) -> str:
    """A text on one line, with escapes for characters that would control a terminal."""
    return _IN_A_LINE.sub(_escape, text)


def _visible_lines(text: str) -> str:
    return _IN_LINES.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def show_json(value: object) -> None:
    """Print a value as JSON on one line."""
    text = json.dumps(value, ensure_ascii=False)
    print(_IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def show_facts(facts: Mapping[str, Any], as_json: bool) -> None:
    """Print facts as one JSON object, or one per line with the names in the first column."""
    if as_json:
        show_json(facts)
        return
    shown = {visible(name): value for name, value in facts.items()}
    width = max(len(name) for name in shown)
    for name, value in shown.items():
        number = (
            (f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) >= 0.001 or value == 0 else f"{value:.2g}")
            if isinstance(value, float)
            else f"{value:,}"
            if type(value) is int
            else value
        )
        print(f"{name:{width}}  {visible(str(number))}")


def show_line(line: str) -> None:
    """Print a line of a result on stdout."""
    print(visible(line))


def show_data(line: str) -> None:
    """Print a line of data on stdout: exact in a pipe or file, escaped on a terminal."""
    print(visible(line) if sys.stdout.isatty() else line)


def say(line: str) -> None:
    """Print a line on stderr."""
    print(visible(line), file=sys.stderr, flush=True)


def say_in_place(line: str) -> None:
    """Show a progress line on stderr, which the next one replaces; print nothing in a pipe."""
    if sys.stderr.isatty():
        line = visible(line)[: shutil.get_terminal_size().columns - 1]  # a wrapped line could not be replaced
        print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)


def progress_bar(fraction: float) -> str:
    """A bar of 30 characters for `say_in_place`; `fraction`: what is done, 0 to 1."""
    return f"[{'#' * round(30 * fraction):30}]"


class Screen:
    """Lines and tables on stdout, as wide as the terminal.

    Args:
        widest: columns at most; None: no limit. in_a_pipe: columns where stdout is no terminal; None: 80.
    """

    def __init__(self, widest: int | None = None, in_a_pipe: int | None = None) -> None:
        from rich.console import Console

        class Escaping(Console):
            """Every string, the cells of tables too, comes through here."""

            def render_str(self, text: str, **options: Any) -> "Text":
                return super().render_str(_visible_lines(text), **options)

        self._console = Escaping(markup=False, emoji=False, highlight=False)
        if in_a_pipe is not None and not self._console.is_terminal:
            self._console.width = in_a_pipe
        if widest is not None:
            self._console.width = min(self._console.width, widest)

    @property
    def width(self) -> int:
        """The width in columns."""
        return self._console.width

    def line(self, *parts: Part, wrap: bool = False) -> None:
        """Print a line; unless it is wrapped, it stays one line to copy."""
        self._console.print(styled(*parts), soft_wrap=not wrap)

    def table(self, table: "Table", indent: int = 0, below: int = 0) -> None:
        """Print a table, with empty lines below."""
        from rich.padding import Padding

        self._console.print(Padding(table, (0, 0, below, indent)) if indent or below else table)

    def section(self, title: str, table: "Table") -> None:
        """Print a title in bold, and a table below it."""
        self.line((title, "bold"), wrap=True)
        self.table(table, indent=2, below=1)

    def fits(self, table: "Table") -> bool:
        """Whether a table is not wider than the terminal."""
        options = self._console.options.update(width=1000)
        return self._console.measure(table, options=options).maximum <= self.width


def styled(*parts: Part) -> "Text":
    """A text in several styles, for a line or a cell."""
    from rich.text import Text

    pairs = ((part, "") if isinstance(part, str) else part for part in parts)
    return Text.assemble(*((_visible_lines(text), style) for text, style in pairs))


def new_table(*columns: str, **how: Any) -> "Table":
    """A table; `how`: options of rich's `Table`."""
    from rich.table import Table

    return Table(*columns, **how)


def grid(rows: Iterable[tuple[str, str]]) -> "Table":
    """Names and values side by side, without lines between."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


def cell_width(text: str) -> int:
    """The width of a text in columns of a terminal."""
    from rich.cells import cell_len

    return cell_len(text)
