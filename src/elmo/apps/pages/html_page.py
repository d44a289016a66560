"""A page of facts, tables and charts: one HTML file that needs no network and no script."""

from collections.abc import Mapping, Sequence
from html import escape

from elmo.apps.pages.line_chart import CHART_STYLE

_STYLE = """\
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --quiet: #5c6670; --grid: #e1e5e9;
  --first: #1f6fb4; --second: #c4540a; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15191d; --ink: #e6e9ec; --quiet: #9aa5b0; --grid: #2c343b; --first: #6db3f2; --second: #ff9a52; } }
@media print {
  :root { --paper: #fff; --ink: #000; --quiet: #444; --grid: #ddd; --first: #1f6fb4; --second: #c4540a; }
  figure, section, tr { break-inside: avoid; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { color: var(--quiet); margin: .3rem 0; } figure { margin: 1.5rem 0; } figcaption { font-weight: 600; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid var(--grid); }
th { font-weight: normal; color: var(--quiet); } td.number, th.number { text-align: right; }
.facts th { width: 15rem; } .facts { width: 100%; }
.headline { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1rem 0; }
.headline b { display: block; font-size: 1.7rem; }
"""


def html_page(name: str, what: str, parts: Sequence[str]) -> str:
    """The whole file.

    Args:
        name: the heading. what: follows it in the window title. parts: HTML; empty ones are left out.
    """
    head = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(name)}: {escape(what)}</title>",
        f"<style>\n{_STYLE}{CHART_STYLE}</style></head><body>",
        f"<h1>{escape(name)}</h1>",
    ]
    return "\n".join(part for part in [*head, *parts, "</body></html>"] if part) + "\n"


def headline(figures: Mapping[str, str]) -> str:
    """The main figures, in large type."""
    shown = "".join(f"<span><b>{escape(value)}</b>{escape(name)}</span>" for name, value in figures.items())
    return f'<div class="headline">{shown}</div>'


def figure(title: str, svg: str) -> str:
    """A chart with its title."""
    return f"<figure><figcaption>{escape(title)}</figcaption>\n{svg}</figure>"


def facts_table(title: str, facts: Mapping[str, str]) -> str:
    """A table of names and values; empty if there are none."""
    if not facts:
        return ""
    rows = "\n".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items())
    return f'<section><h2>{escape(title)}</h2><table class="facts">\n{rows}\n</table></section>'


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], n_names: int = 0) -> str:
    """A table of rows; empty if there are none.

    Args:
        n_names: number of columns on the left that contain names, not numbers.
    """
    if not rows:
        return ""

    def line(cells: Sequence[str], kind: str) -> str:
        classes = ["" if i < n_names else ' class="number"' for i in range(len(cells))]
        shown = (f"<{kind}{css}>{escape(cell)}</{kind}>" for css, cell in zip(classes, cells, strict=True))
        return f"<tr>{''.join(shown)}</tr>"

    body = "\n".join(line(row, "td") for row in rows)
    return f"<h2>{escape(title)}</h2><table>\n{line(head, 'th')}\n{body}\n</table>"
