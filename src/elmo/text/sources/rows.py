"""A file of any kind -> rows to embed, each with the line that it stands in and where its tokens are in that line's text.

    txt           a line is a row; a blank line is a row without tokens
    jsonl, parquet  a record is a row, its text a field of it; the line is the number of the record (jsonl: of its line)
    conllu        a sentence is a row, its words those with a number of their own (no ranges, no empty nodes), the line its first
                  word's; offsets are those of the words with one blank between them

With `split`, raw text is cut into sentences, each a row of its own. All of them also gz, xz, zst.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import regex

from elmo.errors import TextError
from elmo.storage.compressed import PACKED
from elmo.text.sentences import tokenize_sentences
from elmo.text.sources.corpus import TEXT_FIELD
from elmo.text.sources.lines import read_lines
from elmo.text.sources.records import holds_records, read_numbered_records
from elmo.text.tokens import Token, tokenize

_WORD = regex.compile(r"\S++")
_CONLLU_COLUMNS = 10


class Row(NamedTuple):
    """A sentence to embed."""

    line: int  # in the file, from 1
    tokens: list[Token]  # offsets in characters of the line's text


def read_rows(
    path: Path,
    pretokenized: bool = False,
    split: bool = False,
    text_field: str | None = None,
    wanted: Callable[[int], bool] = lambda number: True,
) -> Iterator[Row]:
    """The rows of a file in order, read in a stream.

    Args:
        pretokenized: tokens are separated by white space. split: cut raw text into sentences.
        text_field: of records; None: `text`.
        wanted: whether row i, from 0, is; one that is not may come without its tokens, which saves the time to cut it.
    Raises:
        TextError: the file is missing or broken; the message names the line.
    """
    if holds_conllu(path):
        yield from _rows_of_conllu(path)
        return
    lines: Iterator[tuple[int, str | None]]
    if holds_records(path):
        lines = read_numbered_records(path, TEXT_FIELD if text_field is None else text_field)
    else:
        lines = enumerate(read_lines(path), start=1)
    for i, (number, text) in enumerate(lines):
        if split and not pretokenized:
            yield from (Row(number, tokens) for tokens in tokenize_sentences(text or ""))
        elif not text or not wanted(i):
            yield Row(number, [])
        else:
            yield Row(number, _words_of(text) if pretokenized else tokenize(text))


def _words_of(text: str) -> list[Token]:
    return [Token(match.group(), *match.span()) for match in _WORD.finditer(text)]


def holds_conllu(path: Path) -> bool:
    """Whether the name says that a file holds CoNLL-U, packed or not."""
    inner = Path(path.stem).suffix if path.suffix in PACKED else path.suffix
    return inner == ".conllu"


def _rows_of_conllu(path: Path) -> Iterator[Row]:
    words: list[str] = []
    first = 0
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            if words:
                yield Row(first, _with_blanks(words))
            words = []
            continue
        if line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != _CONLLU_COLUMNS:
            raise TextError(
                f"{path}, line {number}: {len(columns)} columns, CoNLL-U has {_CONLLU_COLUMNS}, separated by tabs; "
                "for plain text give a name that ends in .txt"
            )
        if columns[0].isdecimal():
            first = first if words else number
            words.append(columns[1])
    if words:
        yield Row(first, _with_blanks(words))


def _with_blanks(words: list[str]) -> list[Token]:
    tokens, at = [], 0
    for word in words:
        tokens.append(Token(word, at, at + len(word)))
        at += len(word) + 1
    return tokens
