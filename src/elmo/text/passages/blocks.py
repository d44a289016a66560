"""A plain text -> its blocks; what a block is: a heading or a paragraph as plain text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from elmo.text.passages.plain_view import PlainView, view_of

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_WIDEST_WRAPPED = 120  # characters: a longer line was not broken by hand


class Block(NamedTuple):
    """A heading or a paragraph."""

    view: PlainView
    level: int = 0  # of a heading, from 1; 0: a paragraph


def lines_of(text: str) -> list[tuple[int, int]]:
    """Start and end of each line, its end included."""
    return [found.span() for found in _LINE.finditer(text) if found.end() > found.start()]


def text_blocks(text: str) -> Iterator[Block]:
    """The paragraphs of plain text, which blank lines separate.

    A line of over 120 characters, or less than half as long as the longest of its paragraph, ends a block: it was not broken to
    fit a page.
    """
    paragraph: list[tuple[int, int]] = []
    for start, end in [*lines_of(text), (len(text), len(text))]:
        if text[start:end].strip():
            paragraph.append((start, end))
            continue
        if paragraph:
            longest = max(b - a for a, b in paragraph)
            begin = paragraph[0][0]
            for a, b in paragraph:
                if longest > _WIDEST_WRAPPED or 2 * (b - a) < longest or b == paragraph[-1][1]:
                    if (view := view_of(text, begin, b)) is not None:
                        yield Block(view)
                    begin = b
        paragraph = []
