"""Files with one word per line, CoNLL-U and CoNLL columns -> sentences as words, and where documents begin."""

import io
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from elmo.errors import TextError
from elmo.text.sources.lines import decode_lines
from elmo.text.sources.source_text import SourceText

DOCUMENT = "-DOCSTART-"
BLANK = " \t"
_CONLLU_COLUMNS = 10
_BLANKS = re.compile(f"[{BLANK}]+")
_SAMPLE = 10_000  # lines that are looked at


class ColumnLayout(NamedTuple):
    """How a line of columns is cut."""

    tabbed: bool
    word: int = 0  # the column of the word

    def split(self, line: str) -> list[str]:
        """The columns of a line; no other blank separates them, since a word may contain one."""
        return [c.strip(" ") for c in line.split("\t")] if self.tabbed else _BLANKS.split(line.strip(BLANK))


def column_layout(lines: Sequence[str]) -> ColumnLayout:
    """The layout of lines, of which those that may be comments are passed over.

    The word is in the first column; in the second if the first numbers the words of every sentence from 1 or 0.
    """
    some = [line for line in lines if not line.startswith((DOCUMENT, "#"))]
    layout = ColumnLayout(next(("\t" in line for line in some if line.strip(BLANK)), False))
    sentences: list[list[str]] = [[]]
    for line in some:
        if not line.strip(BLANK):
            sentences.append([])
        else:
            columns = layout.split(line)
            sentences[-1].append(columns[0] if len(columns) > 1 else "")
    whole = [first for first in sentences if first]
    numbered = any(
        all(first == [str(start + i) for i in range(len(first))] for first in whole) for start in (1, 0)
    ) and any(len(first) > 1 for first in whole)
    return layout._replace(word=1) if numbered else layout


def texts_of_conllu(file: io.BufferedReader, name: str, text_field: str) -> Iterator[SourceText]:
    """The sentences of CoNLL-U: syntactic words, without ranges and empty nodes; `# newdoc` begins a document.

    Raises:
        TextError: a line has another number of columns; the message names it.
    """
    words: list[str] = []
    first, begins = 0, True
    for number, line in enumerate(decode_lines(file, name), start=1):
        if not line.strip():
            if words:
                yield SourceText(first, " ".join(words), words, begins)
                words, begins = [], False
        elif line.startswith("#"):
            begins = begins or line[1:].strip().startswith("newdoc")
        else:
            columns = line.split("\t")
            if len(columns) != _CONLLU_COLUMNS:
                raise TextError(
                    f"{name}, line {number}: {len(columns)} columns, CoNLL-U has {_CONLLU_COLUMNS}, separated by tabs; "
                    "for plain text give a name that ends in .txt"
                )
            if columns[0].isdecimal():
                first = first if words else number
                words.append(columns[1])
    if words:
        yield SourceText(first, " ".join(words), words, begins)


def texts_of_columns(file: io.BufferedReader, name: str, text_field: str) -> Iterator[SourceText]:
    """The sentences of columns with the word first, as in CoNLL-2003; `-DOCSTART-` begins a document.

    Raises:
        TextError: a line is not UTF-8, or has no word; the message names it.
    """
    words: list[str] = []
    first, begins = 0, True
    lines = decode_lines(file, name)
    some = list(islice(lines, _SAMPLE))
    layout = column_layout(some)
    for number, line in enumerate(chain(some, lines), start=1):
        marks_document = line.startswith(DOCUMENT)
        if not line.strip(BLANK) or marks_document:
            if words:
                yield SourceText(first, " ".join(words), words, begins)
                words, begins = [], False
            begins = begins or marks_document
        elif words or not line.startswith("# "):  # a comment comes before a sentence
            columns = layout.split(line)
            if len(columns) <= layout.word or not columns[layout.word]:
                raise TextError(f"{name}, line {number}: no word; it is in column {layout.word + 1}")
            first = first if words else number
            words.append(columns[layout.word])
    if words:
        yield SourceText(first, " ".join(words), words, begins)
