"""A document in Markdown -> its blocks, by markdown-it-py, which says in which lines each block is."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from elmo.errors import ConfigError
from elmo.text.passages.blocks import Block, lines_of
from elmo.text.passages.html_blocks import html_blocks
from elmo.text.passages.plain_view import view_of

_QUOTED = r"[ \t]*(?:>[ \t]?)*"
_MARKER = re.compile(rf"{_QUOTED}(?:(?:[-*+]|\d{{1,9}}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?)*{_QUOTED}(?:#{{1,6}}[ \t]+)?")
_UNDERLINE = re.compile(rf"[\r\n]+{_QUOTED}(?:=+|-+)[ \t]*\Z")
_CLOSING = re.compile(r"[ \t]+#+[ \t]*\Z")


def markdown_blocks(text: str) -> Iterator[Block]:
    """The headings and paragraphs of Markdown (CommonMark with tables); marks of lists, quotes and headings are left out.

    Marks within a line, as of links, are left as they are.

    Raises:
        ConfigError: markdown-it-py is not installed.
    """
    lines = [*lines_of(text), (len(text), len(text))]
    for token in _parser().parse(text):
        if token.map is None:
            continue
        first, behind = (min(number, len(lines) - 1) for number in token.map)
        start, end = lines[first][0], lines[behind][0]
        if token.type == "heading_open":
            raw = text[start:end].rstrip()
            raw = _CLOSING.sub("", _UNDERLINE.sub("", raw))
            start, end = start + _marker_length(raw), start + len(raw)
            yield from _block(text, start, end, int(token.tag[1:]))
        elif token.type in ("paragraph_open", "tr_open"):
            yield from _block(text, start + _marker_length(text[start:end]), end)
        elif token.type in ("fence", "code_block"):
            fenced = token.type == "fence"
            closed = fenced and text[start:end].rstrip().endswith(token.markup) and behind - first > 1
            inner = lines[min(first + 1, behind)][0] if fenced else start
            yield from _block(text, inner, lines[behind - 1][0] if closed else end)
        elif token.type == "html_block":
            yield from html_blocks(text[start:end], start)


def _block(text: str, start: int, end: int, level: int = 0) -> Iterator[Block]:
    view = view_of(text, start, end)
    if view is not None:
        yield Block(view, level)


def _marker_length(raw: str) -> int:
    found = _MARKER.match(raw)
    return found.end() if found else 0


@cache
def _parser() -> Any:
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise ConfigError(
            "reading Markdown needs markdown-it-py; install it with pip install 'elmo-lm[answers]'"
        ) from error
    parser = MarkdownIt("commonmark").enable("table")
    return parser.disable(["inline", "text_join"])  # blocks alone: marks within a line may take a time that explodes
