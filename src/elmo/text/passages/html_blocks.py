"""A page of HTML -> its blocks, by the tokenizer of Python's standard library, which says where each piece of text begins.

Libraries that build a tree of the page (lxml, selectolax, html5lib) do not keep where in the source a text was.
"""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

from elmo.text.passages.blocks import Block
from elmo.text.passages.plain_view import ViewBuilder

_LEVELS = {f"h{n}": n for n in range(1, 7)} | {"title": 1, "summary": 7, "dt": 7}
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl fieldset figcaption figure footer form "
    "head header hr html legend li main menu ol option p pre section select table tbody tfoot thead tr ul".split()
) | frozenset(_LEVELS)
_BLANKS = frozenset(("br", "td", "th"))
_NO_HEADINGS = frozenset("article dd ol p section table ul".split())  # which end a heading that was not closed
_UNSEEN = frozenset("iframe nav noscript object script style svg template textarea".split())
_NEWLINE = re.compile("\n")
_TAG = re.compile("<[a-zA-Z/!?]")


class _Blocks(HTMLParser):
    def __init__(self, source: str, offset: int) -> None:
        super().__init__(convert_charrefs=False)
        self._source, self._offset = source, offset
        self._starts = [0, *(found.end() for found in _NEWLINE.finditer(source))]
        self._builder = ViewBuilder()
        self._unseen: list[str] = []
        self._level = 0
        self.found: list[Block] = []

    def read(self) -> list[Block]:
        """All blocks of the page."""
        self.feed(self._source[: _end_of_markup(self._source)] + " ")  # an entity at the end may have no semicolon
        self.close()
        self._end_block()
        return self.found

    @property
    def _at(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def _end_block(self) -> None:
        view = self._builder.finish()
        if view is not None:
            self.found.append(Block(view, self._level))

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _UNSEEN:
            self._end_block()
            self._unseen.append(tag)
        elif not self._unseen:
            self._mark(tag)
            if tag in _BLOCKS:
                self._level = _LEVELS.get(tag, self._level)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if not self._unseen:
            self._mark(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass
        elif not self._unseen:
            self._mark(tag)
            if tag in _LEVELS:
                self._level = 0

    def _mark(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_block()
            if tag in _NO_HEADINGS:
                self._level = 0
        elif tag in _BLANKS:
            at = self._at
            end = self._source.find(">", at)  # the blank stands for the tag
            self._builder.add_sign(" ", at + self._offset, max(2, end + 1 - at))

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._builder.add_source(data, self._at + self._offset)

    def handle_charref(self, name: str) -> None:
        self._add_entity(f"&#{name}")

    def handle_entityref(self, name: str) -> None:
        self._add_entity(f"&{name}")

    def _add_entity(self, raw: str) -> None:
        at = self._at
        raw += ";" * (self._source[at + len(raw) : at + len(raw) + 1] == ";")
        meant = unescape(raw)
        if self._unseen:
            return
        if meant == raw or not meant:
            self._builder.add_source(raw, at + self._offset)
        else:
            sign = " " if meant.isspace() else meant
            rest = len(sign) - 1 if raw.endswith(sign[1:]) else 0  # `&notit` is one sign and two letters
            own = len(raw) - rest
            self._builder.add_sign(sign[: len(sign) - rest], at + self._offset, own)
            self._builder.add_source(raw[own:], at + own + self._offset)

    def unknown_decl(self, data: str) -> None:
        """A marked section, as CDATA: no text of the page."""


def _end_of_markup(page: str) -> int:
    """Where a comment or tag begins that never ends, which browsers leave out; the standard library may search for its end in
    a time that grows with the square of what follows."""
    comment = page.find("<!--", page.rfind("-->") + 1)
    end = len(page) if comment < 0 else comment
    tag = _TAG.search(page, page.rfind(">", 0, end) + 1, end)
    return end if tag is None else tag.start()


def html_blocks(page: str, offset: int = 0) -> Iterator[Block]:
    """The headings and paragraphs of a page; scripts, styles, navigation and comments are left out.

    Args:
        page: the decoded source. offset: where it begins in its file.
    Yields:
        blocks whose runs count characters of the decoded file, tags and entities included.
    """
    yield from _Blocks(page, offset).read()


def html_text(page: str) -> str:
    """The plain text of a page or of a part of one, its blocks separated by blanks: what `html_blocks` gives of it."""
    return " ".join(block.view.text for block in html_blocks(page))
