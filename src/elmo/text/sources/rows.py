"""A file of any format -> rows to embed, each with its line and the positions of its tokens in that line's text.

    lines of text   a line is a row; a blank line is a row without tokens
    records         a record is a row, its text a field of it; the line is that of the record, or its number (json, parquet)
    CoNLL           a sentence is a row, the line its first word's; offsets are those of the words with one blank between them

With `split`, raw text is split into sentences, one row each. `texts.py` decides the format of a file.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import regex

from elmo.text.sources.texts import format_of_file, read_texts
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token

_WORD = regex.compile(r"\S++")


class Row(NamedTuple):
    """A sentence to embed."""

    line: int  # in the file, from 1
    tokens: list[Token]  # offsets in characters of the line's text
    id: str | None = None  # of the record


def read_rows(
    path: Path,
    pretokenized: bool = False,
    split: bool = False,
    text_field: str | None = None,
    wanted: Callable[[int], bool] = lambda number: True,
    tokenizer: Tokenizer = VERSION_1,
) -> Iterator[Row]:
    """The rows of a file in order, read in a stream.

    Args:
        pretokenized: tokens are separated by white space. split: cut raw text into sentences.
        text_field: of records; None: `text`.
        wanted: whether row i, from 0, is; one that is not may come without its tokens, which saves the time to cut it.
        tokenizer: cuts raw text; that of the model.
    Raises:
        TextError: the file is missing or broken; the message names the line.
    """
    for i, source in enumerate(read_texts(path, text_field)):
        number, text = source.line, source.text
        if source.words is not None:
            yield Row(number, tokens_of_words(source.words))
        elif split and not pretokenized:
            yield from (Row(number, tokens, source.id) for tokens in tokenizer.tokenize_sentences(text or ""))
        elif not text or not wanted(i):
            yield Row(number, [], source.id)
        else:
            yield Row(number, tokens_between_blanks(text) if pretokenized else tokenizer.tokenize(text), source.id)


def tokens_setting(path: Path, pretokenized: bool, split: bool, tokenizer: Tokenizer = VERSION_1) -> str:
    """The tokenization of the rows of a file, as the settings of vector folders and indexes store it.

    It names the version of the tokenizer from 2 on, and the formats that an earlier version of this program read as lines of
    text, so that no such folder is continued.

    Raises:
        TextError: the file is missing, broken or no text.
    """
    cut = "white space" if pretokenized else "sentences" if split else "lines"
    if not pretokenized and tokenizer.version != VERSION_1.version:
        cut += f" by tokenizer {tokenizer.version}"
    kind = format_of_file(path)
    inner = Path(path.stem).suffix if path.suffix in (".gz", ".xz", ".zst") else path.suffix
    always = kind == "lines" or (kind, inner) in (("jsonl", ".jsonl"), ("parquet", ".parquet"), ("conllu", ".conllu"))
    return cut if always else f"{cut} of {kind}"


def holds_records(path: Path) -> bool:
    """Whether a file consists of records, which may have ids.

    Raises:
        TextError: the file is missing, broken or no text.
    """
    return format_of_file(path) in ("jsonl", "json", "csv", "tsv", "parquet")


def tokens_between_blanks(text: str) -> list[Token]:
    """The tokens of a pretokenized text."""
    return [Token(match.group(), *match.span()) for match in _WORD.finditer(text)]


def tokens_of_words(words: list[str]) -> list[Token]:
    """Words as tokens of the text in which they are joined by blanks."""
    tokens, at = [], 0
    for word in words:
        tokens.append(Token(word, at, at + len(word)))
        at += len(word) + 1
    return tokens
