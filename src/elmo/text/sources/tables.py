"""Tables with a header, csv and tsv -> the text of each row."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Literal

from elmo.errors import TextError
from elmo.text.sources.lines import LONGEST_LINE_BYTES, decode_lines
from elmo.text.sources.source_text import SourceText, no_field

LONGEST_CELL = LONGEST_LINE_BYTES  # characters; Python's own limit is 131,072
Quoting = Literal[0, 3]  # csv.QUOTE_MINIMAL, csv.QUOTE_NONE
SAMPLE_LINES = 1000  # that are looked at
_DELIMITERS = ",;\t|"  # a .csv of a country that writes 1,5 has semicolons


def texts_of_csv(file: io.BufferedReader, name: str, text_field: str) -> Iterator[SourceText]:
    """The text of each row of a table whose first line names its columns; cells may be quoted.

    The delimiter is the one of comma, semicolon, tab and bar by which the first line has the column of the text.

    Raises:
        TextError: there is no such column, a row has another number of cells, or a cell is too long; the message names the line.
    """
    return _texts(file, name, text_field, _DELIMITERS, csv.QUOTE_MINIMAL)


def texts_of_tsv(file: io.BufferedReader, name: str, text_field: str) -> Iterator[SourceText]:
    """`texts_of_csv` with tabs between cells; whether they are quoted, `tsv_quoting` decides."""
    return _texts(file, name, text_field, "\t", None)


def tsv_quoting(lines: Sequence[str]) -> Quoting:
    """Whether the cells of a .tsv file are quoted, as pandas writes them, or quotation marks are text, as in GLUE.

    They are quoted if that alone makes rows of equal length, if the whole first row is quoted, or if every cell that begins with
    a mark holds a doubled one.

    Args:
        lines: the first ones of the file.
    """
    raw = [line.split("\t") for line in lines if line.strip()]
    marked = [cell for row in raw for cell in row if cell.startswith('"')]
    rows: list[list[str]] = []
    _allow_long_cells()
    try:
        for row in csv.reader((line + "\n" for line in lines), delimiter="\t", strict=True):
            rows += [row] if any(row) else []
    except csv.Error as error:
        if "end of data" not in str(error):  # as where the first lines end within a cell
            return csv.QUOTE_NONE
    if not marked or len({len(row) for row in rows}) != 1:
        return csv.QUOTE_NONE
    whole_header = all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in raw[0])
    uneven = len({len(row) for row in raw}) > 1
    quoted = uneven or whole_header or all('""' in cell[1:-1] for cell in marked)
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def delimiter_line(line: str) -> str | None:
    """The delimiter that a first line `sep=;` names, as Excel reads and writes it; None: it is another line."""
    found = re.fullmatch(r'"?sep=(.)"?', line.strip(" \r\n"), re.IGNORECASE)
    return None if found is None else found[1]


def table_rows(
    lines: Iterator[str], name: str, delimiter: str, quoting: Quoting, first: int = 1
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the line in which each begins; blank rows are skipped.

    Args:
        lines: without their ends, the next one is line `first`. quoting: a constant of `csv`.
    Raises:
        TextError: a row is broken, or a cell holds over 16 million characters.
    """
    _allow_long_cells()
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter, quoting=quoting)
    line = first
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = first + reader.line_num
    except csv.Error as error:
        reason = f"a cell of over {LONGEST_CELL:,} characters" if "field limit" in str(error) else str(error)
        raise TextError(f"{name}, line {line}: not a row of a table ({reason})") from error


def rows_by(delimiter: str, lines: Sequence[str]) -> list[list[str]]:
    """The rows of the first lines of a table that are not empty, up to one that is broken: `table_rows` reports it."""
    _allow_long_cells()
    rows = []
    try:
        for row in csv.reader((line + "\n" for line in lines), delimiter=delimiter):
            rows += [row] if any(row) else []
    except csv.Error:
        pass
    return rows


def _allow_long_cells() -> None:
    csv.field_size_limit(max(LONGEST_CELL, csv.field_size_limit()))


def _texts(
    file: io.BufferedReader, name: str, text_field: str, delimiters: str, quoting: Quoting | None
) -> Iterator[SourceText]:
    lines = decode_lines(file, name)
    if quoting is None:
        some = list(islice(lines, SAMPLE_LINES))
        quoting, lines = tsv_quoting(some), chain(some, lines)
    first, first_line = next(lines, None), 1
    if first is not None and (named := delimiter_line(first)) is not None:
        delimiters, first, first_line = named, next(lines, None), 2
    if first is None:
        return
    headers = {d: next(table_rows(iter([first]), name, d, quoting), (1, []))[1] for d in delimiters}
    found = next(
        ((d, at) for d, names in headers.items() if (at := _column_index(names, text_field)) is not None), None
    )
    if found is None:
        names = max(headers.values(), key=len)
        shown = [cell.strip()[:40] for cell in names[:20]]
        raise TextError(f"{name}, line {first_line}: {no_field(text_field, shown)}")
    delimiter, at = found
    n_columns, id_at = len(headers[delimiter]), _column_index(headers[delimiter], "id")
    for line, row in table_rows(lines, name, delimiter, quoting, first_line + 1):
        if len(row) != n_columns:
            raise TextError(f"{name}, line {line}: {len(row)} cell(s), the first line names {n_columns} columns")
        yield SourceText(line, row[at] or None, None, True, None if id_at is None else row[id_at] or None)


def _column_index(names: list[str], wanted: str) -> int | None:
    """The index of a column: the one of exactly this name, else ignoring case and surrounding blanks."""
    for like in (str, lambda name: name.strip().casefold()):
        if (like(wanted)) in [like(name) for name in names]:
            return [like(name) for name in names].index(like(wanted))
    return None
