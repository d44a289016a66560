"""Files of records, jsonl and parquet -> the text of each record, one document each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elmo.errors import TextError
from elmo.storage.compressed import PACKED, import_pyarrow, read_errors
from elmo.text.sources.lines import read_lines

_RECORDS_AT_ONCE = 256


def holds_records(path: Path) -> bool:
    """Whether the name says that a file holds records: .parquet, .jsonl, and .jsonl packed."""
    inner = Path(path.stem).suffix if path.suffix in PACKED else path.suffix
    return inner == ".jsonl" or path.suffix == ".parquet"


def read_records(path: Path, text_field: str) -> Iterator[str | None]:
    """The text of each record in order; None for a record without one.

    Args:
        text_field: the field or column that holds the text. The first record must have it: a wrong name is told at once.
    Raises:
        TextError: the file is missing or broken, a record is none, or its text is no text; the message names the line.
    """
    return (text for _, text in read_numbered_records(path, text_field))


def read_numbered_records(path: Path, text_field: str) -> Iterator[tuple[int, str | None]]:
    """`read_records`, each with the number of its line (jsonl) or its own (parquet), from 1."""
    if path.suffix == ".parquet":
        return enumerate(_read_parquet(path, text_field), start=1)
    return _read_jsonl(path, text_field)


def _read_jsonl(path: Path, text_field: str) -> Iterator[tuple[int, str | None]]:
    known = False
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        record = _parse(line, where)
        if not known and text_field not in record:
            raise TextError(f"{where}: {_no_field(text_field, list(record))}")
        known = True
        text = record.get(text_field)
        if not isinstance(text, str | None):
            raise TextError(
                f"{where}: the field {text_field!r} holds {_shown(text)}, no text; name another (--text-field)"
            )
        yield number, text


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise TextError(f"{where}: no JSON ({reason}); each line of a .jsonl file is one JSON object") from error
    if not isinstance(record, dict):
        raise TextError(f"{where}: {_shown(record)}, no JSON object; each line of a .jsonl file is one")
    return record


def _read_parquet(path: Path, text_field: str) -> Iterator[str | None]:
    pyarrow, parquet = import_pyarrow("pyarrow", path), import_pyarrow("pyarrow.parquet", path)
    with read_errors(path), path.open("rb") as file:
        try:
            table = parquet.ParquetFile(file)
            if text_field not in table.schema_arrow.names:
                raise TextError(f"{path}: {_no_field(text_field, table.schema_arrow.names)}")
            kind = table.schema_arrow.field(text_field).type
            kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
            if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
                raise TextError(f"{path}: the column {text_field!r} holds {kind}, no text; name another (--text-field)")
            for batch in table.iter_batches(_RECORDS_AT_ONCE, columns=[text_field], use_threads=False):
                yield from batch.column(0).to_pylist()
        except UnicodeDecodeError as error:
            raise TextError(f"{path}: the column {text_field!r} is not UTF-8; write the file anew") from error
        except pyarrow.ArrowException as error:  # some are ValueErrors, which elsewhere mean a name that cannot be
            reason = " ".join(str(error).split())
            raise TextError(f"{path}: cannot be read ({reason}); the file is broken or cut short") from error


def _no_field(text_field: str, names: list[str]) -> str:
    there = ", ".join(map(repr, names)) or "none"
    return f"no field {text_field!r} (there: {there}); name the one that holds the text (--text-field)"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
