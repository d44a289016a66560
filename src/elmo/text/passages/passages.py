"""START HERE: a document -> passages of some sentences, each under its heading, with the characters of its file."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pydantic import BaseModel, NonNegativeInt, PositiveInt

from elmo.text.passages.blocks import Block, text_blocks
from elmo.text.passages.html_blocks import html_blocks
from elmo.text.passages.markdown_blocks import markdown_blocks
from elmo.text.passages.plain_view import PlainView, joined
from elmo.text.tokenizer import Span, Tokenizer

_BLOCKS: dict[str, Callable[[str], Iterator[Block]]] = {
    "text": text_blocks,
    "markdown": markdown_blocks,
    "html": html_blocks,
}


class PassageSettings(BaseModel, frozen=True, extra="forbid"):
    """How documents are cut into passages.

    Attributes:
        longest: tokens of a passage at most; a longer sentence is cut.
        shortest: a paragraph with fewer tokens is joined with the next one under the same heading.
        overlap: sentences at the end of a passage with which the next one of the same paragraph begins.
    """

    longest: PositiveInt = 120
    shortest: NonNegativeInt = 30
    overlap: NonNegativeInt = 1


class Passage(NamedTuple):
    """A passage, and the headings above it, the highest first, separated by ` / `."""

    view: PlainView
    heading: str


def passages_of(document: str, kind: str, tokenizer: Tokenizer, settings: PassageSettings) -> Iterator[Passage]:
    """The passages of a document; none goes beyond a heading, or beyond a paragraph that is long enough by itself.

    Args:
        document: the decoded source. kind: "text", "markdown" or "html".
    """
    source = None if kind == "html" else document
    for heading, blocks in _sections(_BLOCKS[kind](document)):
        for views in _joined_blocks(blocks, tokenizer, settings.shortest):
            view = views[0] if len(views) == 1 else joined(views, source)
            for start, end in _windows(view.text, tokenizer, settings):
                yield Passage(view.cut(start, end), heading)


def _sections(blocks: Iterable[Block]) -> Iterator[tuple[str, list[PlainView]]]:
    """The paragraphs below each heading; a heading with nothing below it is a paragraph itself."""
    headings: dict[int, Block] = {}
    views: list[PlainView] = []
    last: Block | None = None  # the heading above, if nothing has come since
    for block in blocks:
        if not block.level:
            views.append(block.view)
            last = None
            continue
        if views:
            yield _path(headings), views
            views = []
        if last is not None and block.level <= last.level:
            del headings[last.level]
            yield _path(headings), [last.view]
        headings = {level: above for level, above in headings.items() if level < block.level} | {block.level: block}
        last = block
    if last is not None:
        del headings[last.level]
        views.append(last.view)
    if views:
        yield _path(headings), views


def _path(headings: dict[int, Block]) -> str:
    return " / ".join(headings[level].view.text for level in sorted(headings))


def _joined_blocks(views: list[PlainView], tokenizer: Tokenizer, shortest: int) -> Iterator[list[PlainView]]:
    """Paragraphs that become passages together: short ones with those that follow."""
    waiting: list[PlainView] = []
    n_waiting = 0
    for view in views:
        n = sum(1 for _ in tokenizer.find_tokens(view.text, 0, len(view.text)))
        if n >= shortest and waiting:
            yield waiting
            waiting, n_waiting = [], 0
        waiting.append(view)
        n_waiting += n
        if n_waiting >= shortest:
            yield waiting
            waiting, n_waiting = [], 0
    if waiting:
        yield waiting


def _windows(text: str, tokenizer: Tokenizer, settings: PassageSettings) -> Iterator[Span]:
    """Spans of whole sentences of at most `longest` tokens."""
    pieces = list(_pieces(text, tokenizer, settings.longest))
    first = 0
    while first < len(pieces):
        end, n = first, 0
        while end < len(pieces) and (end == first or n + pieces[end][1] <= settings.longest):
            n += pieces[end][1]
            end += 1
        yield pieces[first][0][0], pieces[end - 1][0][1]
        if end == len(pieces):
            return
        first = max(first + 1, end - settings.overlap)


def _pieces(text: str, tokenizer: Tokenizer, longest: int) -> Iterator[tuple[Span, int]]:
    """The sentences with their numbers of tokens; those of more than `longest` in pieces; those without a token are left out."""
    for start, end in tokenizer.split_sentences(text):
        tokens = list(tokenizer.find_tokens(text, start, end))
        for k in range(0, len(tokens), longest):
            some = tokens[k : k + longest]
            yield (some[0][0], some[-1][1]), len(some)
