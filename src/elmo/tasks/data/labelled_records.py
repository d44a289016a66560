"""Files of labelled records: jsonl, json, parquet, tsv, csv -> the values of each and its labels.

A label may be a word or a number; in records a list of them, for those with any number of labels. A text may be a list of tokens.
tsv and csv: with a header that names the columns (`columns.py`), else the texts and the label, no column more. Files may be
packed, end lines as Windows does and begin with a byte order mark.
"""

import csv
import json
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from elmo.errors import TextError
from elmo.storage.compressed import open_unpacked, read_errors
from elmo.tasks.data.columns import SAMPLE, Columns, choose_columns, delimiter_of, known_key, plain
from elmo.tasks.examples import with_blanks
from elmo.text.sources.file_kinds import Format, format_of
from elmo.text.sources.lines import open_text, read_lines
from elmo.text.sources.parquet import records_of_parquet
from elmo.text.sources.records import values_of_json
from elmo.text.sources.tables import Quoting, delimiter_line, table_rows, tsv_quoting
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token


class Record(NamedTuple):
    """One line of a file."""

    values: dict[str, Any]  # by our names; those that the line has
    labels: list[str]
    line: int  # from 1
    where: str  # file and line, for messages


class Wanted(NamedTuple):
    """The values to look for in the records of a file."""

    values: tuple[str, ...]  # our names of the texts: `text`, or `a` and `b`
    names: Mapping[str, str | None] = {}  # names, or numbers of columns, that the settings give to values and `label`
    extra: tuple[str, ...] = ()  # other keys that a record may have, `head` and `tail`, by their own names
    numbers: bool = False  # labels are numbers


def read_records(path: Path, wanted: Wanted, report: Callable[[str], None] = lambda line: None) -> Iterator[Record]:
    """All records of a file.

    Args:
        report: called with which columns are read.
    Raises:
        TextError: the file is missing or broken, a line is no record, has no label, or there is no record; the message names the
            line.
    """
    form = format_of(path)
    if form in ("tsv", "csv"):
        rows = _table(path, form == "tsv", wanted, report)
    elif form in _RECORDS:
        rows = _RECORDS[form](path)
    else:
        raise TextError(
            f"{path}: labelled texts are .jsonl, .json, .parquet, .tsv or .csv files (documents with relations: .pubtator), also "
            "compressed, and the ending of the name gives the format; rename the file if it is one of these, else convert it"
        )
    none, unit = True, _unit(form)
    for line, row in rows:
        if none and form in _RECORDS:
            _report_keys(row, wanted, f"{path}, {unit} {line}", report)
        none = False
        yield record_of(row, wanted, line, f"{path}, {unit} {line}")
    if none:
        raise TextError(f"{path}: contains no text; a line is a text and its label")


def record_of(row: Mapping[str, Any], wanted: Wanted, line: int, where: str) -> Record:
    """The values and labels of a line.

    Raises:
        TextError: it has no label, or not the key that the settings name.
    """
    values = {name: row[name] for name in wanted.extra if row.get(name) is not None}
    for name in wanted.values:
        key = _key_of(row, name, wanted, where)
        if key is None:
            which = "text" if name == "text" else f"text {name}"
            hint = "; give an array of objects" if list(row) == ["data"] else f"; give its name with --set {name}=NAME"
            raise TextError(f"{where}: no {which} (found: {listed_keys(row)}){hint}")
        if row[key] is None:
            raise TextError(f"{where}: the text ({key!r:.40}) is empty; fill it in, or leave the {_thing(where)} out")
        values[name] = row[key]
    key = _key_of(row, "label", wanted, where)
    if key is not None and row[key] is None:
        raise TextError(f"{where}: the label ({key!r:.40}) is empty; fill it in, or leave the {_thing(where)} out")
    return Record(values, _labels(None if key is None else row[key], where, list(row)), line, where)


def _thing(where: str) -> str:
    return next((thing for thing in ("record", "line") if f", {thing} " in where), "example")


def _key_of(row: Mapping[str, Any], name: str, wanted: Wanted, where: str) -> str | None:
    """The key of a value: the one that the settings name, or the first known one."""
    given = wanted.names.get(name)
    if given:
        for key in (given, *(key for key in row if plain(key) == plain(given))):
            if key in row:
                return key
        raise TextError(f"{where}: no key {given!r} (--set {name}=); the record has {listed_keys(row)}")
    return known_key(row, name, wanted.numbers, where)


def listed_keys(keys: Iterable[str]) -> str:
    """The first twenty keys of a record, for messages."""
    return ", ".join(repr(key[:40]) for key in list(keys)[:20])


def _report_keys(row: Mapping[str, Any], wanted: Wanted, where: str, report: Callable[[str], None]) -> None:
    for name in (*wanted.values, "label"):
        key = _key_of(row, name, wanted, where)
        if key is not None:
            report(f"{name}: key {key!r}")


def read_objects(path: Path) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The records of a jsonl, json or parquet file: number of the line or record, place for messages, content.

    Raises:
        TextError: the file is missing or broken, or has no records; the message names the line.
    """
    form = format_of(path)
    if form not in _RECORDS:
        raise TextError(
            f"{path}: records are in .jsonl, .json or .parquet files, also compressed; give the file such a name"
        )
    for number, record in _RECORDS[form](path):
        yield number, f"{path}, {_unit(form)} {number}", record


def _unit(form: Format) -> str:
    return "record" if form in ("json", "parquet") else "line"


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a jsonl file with the numbers of their lines; empty lines are left out.

    Raises:
        TextError: the file is missing or broken, or a line is no object; the message names the line.
    """
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            yield number, json_object(line, f"{path}, line {number}")


def _json_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON array, numbered from 1."""
    with open_text(path) as file:
        for number, value in enumerate(values_of_json(file, str(path)), start=1):
            if not isinstance(value, dict):
                raise TextError(f"{path}, record {number}: {value!r:.40} is no JSON object; give an array of objects")
            yield number, value


def _parquet_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a parquet file, numbered from 1."""
    with read_errors(path), open_unpacked(path) as file:
        yield from enumerate(records_of_parquet(file, str(path)), start=1)


_RECORDS: Mapping[str, Callable[[Path], Iterator[tuple[int, dict[str, Any]]]]] = {
    "jsonl": json_lines,
    "json": _json_records,
    "parquet": _parquet_records,
}


def json_object(line: str, where: str) -> dict[str, Any]:
    """A line as a JSON object.

    Raises:
        TextError: it is none.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TextError(f"{where}: not JSON ({error}); each line is one JSON object") from error
    if not isinstance(record, dict):
        raise TextError(f"{where}: {line[:40]} is not a JSON object; each line must be one")
    return record


def _table(
    path: Path, tabs: bool, wanted: Wanted, report: Callable[[str], None]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a table under our names."""
    lines = read_lines(path)
    some = list(islice(lines, SAMPLE))
    named = delimiter_line(some[0]) if some else None
    begins = 1 if named is None else 2
    some = some[begins - 1 :]
    quoting: Quoting = tsv_quoting(some) if tabs else csv.QUOTE_MINIMAL
    delimiter = named or ("\t" if tabs else delimiter_of(some, (*wanted.values, "label")))
    rows = table_rows(chain(some, lines), str(path), delimiter, quoting, begins)
    first = list(islice(rows, SAMPLE))
    if not first:
        return
    if tabs and len(first[0][1]) == 1 and (";" in some[0] or "," in some[0]):
        raise TextError(
            f"{path}: no tab between the columns, which a .tsv file has; name it .csv if commas or semicolons separate them"
        )
    columns = choose_columns(
        [row for _, row in first], wanted.values, wanted.names, wanted.numbers, f"{path}, line {first[0][0]}"
    )
    for name in columns.at:
        report(f"{name}: column {columns.shown(name)}")
    if columns.unsure is not None:
        warnings.warn(f"{path}: {columns.unsure}", stacklevel=2)
    n_columns = len(first[0][1])
    records = [*(first[1:] if columns.header else first), *rows]
    report(_empty_cells(records, columns))
    for line, row in records:
        if len(row) != n_columns:
            unclosed = "; a quotation mark that opens there is not closed" if any("\n" in cell for cell in row) else ""
            raise TextError(f"{path}, line {line}: {len(row)} column(s), the first line has {n_columns}{unclosed}")
        found = {name: row[column].strip() for name, column in columns.at.items()}
        yield line, {wanted.names.get(name) or name: value for name, value in found.items()}


def _empty_cells(records: Sequence[tuple[int, list[str]]], columns: Columns) -> str:
    """How many cells of the columns that are read are empty, and where the first of them is."""
    found = []
    for name, column in columns.at.items():
        lines = [line for line, row in records if column < len(row) and not row[column].strip()]
        if lines:
            found.append(f"{len(lines):,} in {name} (the first in line {lines[0]:,})")
    return f"empty cells: {', '.join(found)}" if found else "no empty cells"


def _labels(given: Any, where: str, there: Sequence[str]) -> list[str]:
    if isinstance(given, str) and not given.strip():
        raise TextError(f"{where}: the label is empty; fill it in, or leave the line out")
    found = given if isinstance(given, list) else [] if given is None else [given]
    if not all(isinstance(one, str | int | float) for one in found):
        raise TextError(f"{where}: {given!r:.40} is not a label; a label is a word or a number")
    if not found and not isinstance(given, list):
        raise TextError(f"{where}: no label (found: {listed_keys(there)}); give its name with --set label=NAME")
    if any(isinstance(one, float) and not math.isfinite(one) for one in found):
        raise TextError(f"{where}: the label is {given!r:.40}, which means none; leave the line out")
    return [str(one) for one in found]


def text_and_tokens(
    value: Any, where: str, name: str = "text", tokenizer: Tokenizer = VERSION_1
) -> tuple[str, list[Token]]:
    """A text, given as a string or as a list of tokens.

    Raises:
        TextError: it is neither, or has no word.
    """
    if isinstance(value, list | tuple) and all(isinstance(word, str) and word.strip() for word in value):
        whole, tokens = with_blanks(value)
    elif isinstance(value, str):
        whole, tokens = value, tokenizer.tokenize(value)
    else:
        raise TextError(f"{where}: no text (found: {value!r:.40}); give a string or a list of tokens as '{name}'")
    if not tokens:
        raise TextError(f"{where}: the text contains no word; leave the line out")
    return whole, tokens
