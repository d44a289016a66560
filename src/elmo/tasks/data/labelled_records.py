"""Files of labelled records: jsonl, tsv, csv -> the values of each and its labels.

A label may be a word or a number; in jsonl a list of them, for records with any number of labels. A text may be a list of tokens.
tsv and csv: with a header that names the columns, else the texts first and the label last. Files may be packed, end lines as
Windows does and begin with a byte order mark.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from elmo.errors import TextError
from elmo.storage.compressed import inner_suffix
from elmo.tasks.examples import with_blanks
from elmo.text.sources.lines import read_lines
from elmo.text.sources.tables import Quoting, table_rows
from elmo.text.tokens import Token, tokenize

LABELS = ("label", "labels")
Fields = Mapping[str, Sequence[str]]  # our name of a value -> its names in files


class Record(NamedTuple):
    """One line of a file."""

    values: dict[str, Any]  # by our names; those that the line has
    labels: list[str]
    line: int  # from 1
    where: str  # file and line, for messages


def read_records(path: Path, fields: Fields, n_columns: int, label: str | None) -> Iterator[Record]:
    """All records of a file.

    Args:
        fields: values that are looked for; the first `n_columns` are the columns of a table without a header, before the label.
        label: the name of the label in the file; None: one of LABELS.
    Raises:
        TextError: the file is missing or broken, a line is no record, has no label, or there is no record; the message names the
            line.
    """
    inner = inner_suffix(path)
    if inner not in (".jsonl", ".tsv", ".csv"):
        raise TextError(f"{path}: labelled texts are .jsonl, .tsv or .csv, also packed; give the file such a name")
    labels = LABELS if label is None else (label,)
    columns = list(fields)[:n_columns]
    rows = (
        json_lines(path)
        if inner == ".jsonl"
        else _table(path, "\t" if inner == ".tsv" else ",", fields, columns, labels)
    )
    none = True
    for line, row in rows:
        none = False
        yield record_of(row, fields, label, line, f"{path}, line {line}")
    if none:
        raise TextError(f"{path}: contains no text; a line is a text and its label")


def record_of(row: Mapping[str, Any], fields: Fields, label: str | None, line: int, where: str) -> Record:
    """The values and labels of a line; arguments as of `read_records`.

    Raises:
        TextError: it has no label.
    """
    labels = LABELS if label is None else (label,)
    values = {}
    for name, names in fields.items():
        found = next((row[other] for other in names if other in row), None)
        if found is not None:
            values[name] = found
    return Record(
        values, _labels(next((row[name] for name in labels if name in row), None), labels, where), line, where
    )


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a jsonl file with the numbers of their lines; empty lines are left out.

    Raises:
        TextError: the file is missing or broken, or a line is no object; the message names the line.
    """
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            yield number, json_object(line, f"{path}, line {number}")


def json_object(line: str, where: str) -> dict[str, Any]:
    """A line as a JSON object.

    Raises:
        TextError: it is none.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TextError(f"{where}: no JSON ({error}); each line is one JSON object") from error
    if not isinstance(record, dict):
        raise TextError(f"{where}: {line[:40]} is no JSON object; each line is one")
    return record


def _table(
    path: Path, delimiter: str, fields: Fields, columns: Sequence[str], labels: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    quoting: Quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    columns_of: dict[str, int] | None = None
    n_columns = 0
    for line, row in table_rows(read_lines(path), str(path), delimiter, quoting):
        if columns_of is None:
            n_columns = len(row)
            columns_of = _header([cell.strip().lower() for cell in row], fields, columns, labels)
            if columns_of is not None:
                continue
            columns_of = {name: i for i, name in enumerate(columns)} | {labels[0]: -1}
        if len(row) != n_columns or n_columns <= len(columns):
            raise TextError(
                f"{path}, line {line}: {len(row)} column(s), "
                + (
                    f"the first line has {n_columns}"
                    if n_columns > len(columns)
                    else f"there must be {' and '.join(columns)} and a label"
                )
            )
        yield line, {name: row[column].strip() for name, column in columns_of.items()}


def _header(
    names: Sequence[str], fields: Fields, columns: Sequence[str], labels: Sequence[str]
) -> dict[str, int] | None:
    """Where a header puts each value; None: the line is no header."""
    columns_of = {}
    for name in columns:
        found = next((names.index(other) for other in fields[name] if other in names), None)
        if found is None:
            return None
        columns_of[name] = found
    at = next((names.index(label.lower()) for label in labels if label.lower() in names), None)
    return None if at is None else columns_of | {labels[0]: at}


def _labels(given: Any, names: Sequence[str], where: str) -> list[str]:
    found = given if isinstance(given, list) else [] if given is None or given == "" else [given]
    if not all(isinstance(one, str | int | float) for one in found):
        raise TextError(f"{where}: {given!r:.40} is no label; a label is a word or a number")
    if not found and not isinstance(given, list):
        raise TextError(f"{where}: no label (looked for: {', '.join(names)})")
    return [str(one) for one in found]


def text_and_tokens(value: Any, where: str, name: str = "text") -> tuple[str, list[Token]]:
    """A text that was given as a string or as a list of tokens.

    Raises:
        TextError: it is neither, or has no word.
    """
    if isinstance(value, list | tuple) and all(isinstance(word, str) and word.strip() for word in value):
        whole, tokens = with_blanks(value)
    elif isinstance(value, str):
        whole, tokens = value, tokenize(value)
    else:
        raise TextError(f"{where}: no text (there: {value!r:.40}); give a string or a list of tokens as '{name}'")
    if not tokens:
        raise TextError(f"{where}: a text without a word; leave the line out")
    return whole, tokens
