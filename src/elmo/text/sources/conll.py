"""Files with one word per line, CoNLL-U and CoNLL columns -> sentences as words, and where documents begin."""

import io
from collections.abc import Iterator

from elmo.errors import TextError
from elmo.text.sources.lines import decode_lines
from elmo.text.sources.source_text import SourceText

_CONLLU_COLUMNS = 10


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
        TextError: a line is not UTF-8; the message names it.
    """
    words: list[str] = []
    first, begins = 0, True
    for number, line in enumerate(decode_lines(file, name), start=1):
        columns = line.split()
        if not columns or columns[0] == "-DOCSTART-":
            if words:
                yield SourceText(first, " ".join(words), words, begins)
                words, begins = [], False
            begins = begins or bool(columns)
        elif words or not line.startswith("# "):  # a comment comes before a sentence
            first = first if words else number
            words.append(columns[0])
    if words:
        yield SourceText(first, " ".join(words), words, begins)
