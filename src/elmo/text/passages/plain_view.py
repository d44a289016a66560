"""The plain text of a part of a source, with the characters of the source that each of its characters stands for.

White space is one blank, however long it is in the source; an entity of HTML is the character that it means; tags are left out.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

_WIDE = re.compile(r"\s{2,}")
_SPACES = str.maketrans(dict.fromkeys(filter(str.isspace, map(chr, range(0x3001))), " "))


class Run(NamedTuple):
    """Characters of a plain text and those of the source that they stand for.

    A run as long in both is the same character by character; any other is one character (a blank, an entity) that stands for all.
    """

    at: int  # of the plain text
    source: int
    length: int  # in the source


class PlainView(NamedTuple):
    """A plain text and its runs, in order, the first at 0."""

    text: str
    runs: tuple[Run, ...]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the source of text[start:end], which is not empty."""
        first, last = self._run(start), self._run(end - 1)
        a, b = self.runs[first], self.runs[last]
        begins = a.source + (start - a.at if self._is_same(first) else 0)
        ends = b.source + (end - b.at if self._is_same(last) else b.length)
        return begins, ends

    def cut(self, start: int, end: int) -> "PlainView":
        """text[start:end] as a view of its own; it is not empty."""
        runs = []
        for number in range(self._run(start), self._run(end - 1) + 1):
            run = self.runs[number]
            a, b = max(start, run.at), min(end, self._end(number))
            runs.append(
                Run(a - start, run.source + a - run.at, b - a)
                if self._is_same(number)
                else Run(a - start, run.source, run.length)
            )
        return PlainView(self.text[start:end], tuple(runs))

    def _run(self, at: int) -> int:
        return bisect_right(self.runs, at, key=lambda run: run.at) - 1

    def _end(self, number: int) -> int:
        return self.runs[number + 1].at if number + 1 < len(self.runs) else len(self.text)

    def _is_same(self, number: int) -> bool:
        return self._end(number) - self.runs[number].at == self.runs[number].length


class ViewBuilder:
    """Builds a plain text from pieces of a source in order."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._runs: list[Run] = []
        self._length = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing but white space was added."""
        return not self._length

    def add_source(self, text: str, at: int) -> None:
        """Add a piece of the source that stands for itself, its white space as blanks; `at`: where it begins."""
        done = 0
        for wide in _WIDE.finditer(text):
            self._add_same(text[done : wide.start()], at + done)
            self.add_sign(" ", at + wide.start(), wide.end() - wide.start())
            done = wide.end()
        self._add_same(text[done:], at + done)

    def _add_same(self, text: str, at: int) -> None:
        plain = text.translate(_SPACES)
        if plain.startswith(" ") and self._ends_blank():
            plain, at = plain[1:], at + 1
        if not plain:
            return
        last = self._runs[-1] if self._runs else None
        if last is None or last.source + last.length != at or self._length - last.at != last.length:
            self._runs.append(Run(self._length, at, len(plain)))
        else:
            self._runs[-1] = last._replace(length=last.length + len(plain))
        self._put(plain)

    def add_sign(self, sign: str, at: int, length: int) -> None:
        """Add a character that stands for so many characters of the source; a second blank in a row is left out."""
        if length == len(sign) == 1:
            self._add_same(sign, at)
        elif not (sign == " " and self._ends_blank()):
            for k, character in enumerate(sign):  # few entities are two characters, which both stand for all of it
                self._runs.append(Run(self._length + k, at, length))
                self._pieces.append(character)
            self._length += len(sign)

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def _ends_blank(self) -> bool:
        return not self._length or self._pieces[-1].endswith(" ")

    def finish(self) -> PlainView | None:
        """The view without blanks at its ends; None: there is no text. The builder is empty afterwards."""
        view = PlainView("".join(self._pieces), tuple(self._runs))
        self._pieces, self._runs, self._length = [], [], 0
        end = len(view.text.rstrip(" "))
        return view.cut(0, end) if end else None


def view_of(text: str, start: int, end: int) -> PlainView | None:
    """The view of text[start:end] that stands for itself; None: there is only white space."""
    builder = ViewBuilder()
    builder.add_source(text[start:end], start)
    return builder.finish()


def joined(views: Sequence[PlainView], source: str | None) -> PlainView:
    """Views of one source, in order, as one.

    Args:
        source: what lies between two of them is read from it; None: it is markup, for which one blank stands.
    """
    builder = ViewBuilder()
    end = views[0].runs[0].source
    for view in views:
        begin = view.runs[0].source
        if source is not None:
            builder.add_source(source[end:begin], end)
        elif begin > end:
            builder.add_sign(" ", end, begin - end)
        for number, run in enumerate(view.runs):
            piece = view.text[run.at : view._end(number)]
            if view._is_same(number):
                builder.add_source(piece, run.source)
            else:
                builder.add_sign(piece, run.source, run.length)
        end = view.source_span(len(view.text) - 1, len(view.text))[1]
    found = builder.finish()
    assert found is not None
    return found
