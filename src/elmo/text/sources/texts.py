"""START HERE: a file of any format -> its texts one after the other, each with its line and whether a document begins.

| kind | a text is | a document is |
|---|---|---|
| lines of text | a line | the lines between two lines without a word |
| jsonl, json, csv, tsv, parquet | a field of a record | a record |
| CoNLL-U, CoNLL columns | the words of a sentence | what `# newdoc` or `-DOCSTART-` begins |

Each kind may be compressed (gz, xz, zst, bz2), in UTF-16, or come from standard input (`-`). The format is that of the file's
name, or of its first bytes where they are unambiguous. All readers of text are built on `read_texts`.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

from elmo.storage.compressed import import_pyarrow, name_of, open_unpacked, read_errors
from elmo.text.sources.conll import texts_of_columns, texts_of_conllu
from elmo.text.sources.file_kinds import Format, format_by_content, format_of, is_parquet, refuse_foreign
from elmo.text.sources.lines import HEAD_BYTES, decode_lines, text_of
from elmo.text.sources.parquet import texts_of_parquet
from elmo.text.sources.records import texts_of_json, texts_of_jsonl
from elmo.text.sources.source_text import SourceText
from elmo.text.sources.tables import texts_of_csv, texts_of_tsv
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import split_words

TEXT_FIELD = "text"  # of a record, if none is named

Reader = Callable[[io.BufferedReader, str, str], Iterator[SourceText]]  # file in UTF-8, its name, the field of the text


def texts_of_lines(file: io.BufferedReader, name: str, text_field: str) -> Iterator[SourceText]:
    """Each line is a text."""
    for number, line in enumerate(decode_lines(file, name), start=1):
        yield SourceText(number, line)


READERS: dict[Format, Reader] = {
    "lines": texts_of_lines,
    "jsonl": texts_of_jsonl,
    "json": texts_of_json,
    "csv": texts_of_csv,
    "tsv": texts_of_tsv,
    "conllu": texts_of_conllu,
    "columns": texts_of_columns,
    "parquet": texts_of_parquet,
}


def read_texts(path: Path, text_field: str | None = None) -> Iterator[SourceText]:
    """The texts of a file in order, in constant memory.

    Args:
        path: `-` is standard input.
        text_field: the field or column of a record that holds its text; None: `text`.
    Raises:
        TextError: the file is missing, broken or no text; the message names the line.
    """
    field = TEXT_FIELD if text_field is None else text_field
    with read_errors(path), open_unpacked(path) as packed:
        kind, file = _recognized(packed, path)
        yield from READERS[kind](file, name_of(path), field)


def format_of_file(path: Path) -> Format:
    """The format of a file, by its name and its first bytes.

    Raises:
        TextError: the file is missing, broken or no text.
    """
    with read_errors(path), open_unpacked(path) as packed:
        return _recognized(packed, path)[0]


def sentences_of(source: SourceText, pretokenized: bool, tokenizer: Tokenizer = VERSION_1) -> Iterator[list[str]]:
    """The non-empty sentences of a text as words: its own words, or its lines; raw lines are split into sentences.

    Args:
        pretokenized: a line is a sentence, tokens separated by white space. tokenizer: cuts raw text.
    """
    if source.words is not None:
        yield source.words
        return
    for line in (source.text or "").split("\n"):
        if not pretokenized:
            yield from tokenizer.sentences_of_words(line)
        elif words := split_words(line):
            yield words


def _recognized(packed: io.BufferedReader, path: Path) -> tuple[Format, io.BufferedReader]:
    """The format of an uncompressed file, and the file as its reader takes it."""
    named = format_of(path)
    if named == "parquet":
        import_pyarrow("pyarrow", path)
    head = packed.peek(HEAD_BYTES)
    if named == "parquet" or is_parquet(head):
        refuse_foreign(head, name_of(path))
        return "parquet", packed
    file = text_of(packed, path)
    return format_by_content(named, file.peek(HEAD_BYTES)), file
