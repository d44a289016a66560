"""Parquet -> the text of each record, one column read in pieces."""

import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from elmo.errors import TextError, reason_of
from elmo.storage.compressed import import_pyarrow
from elmo.text.sources.source_text import SourceText, no_field, record_id

_RECORDS_AT_ONCE = 256
_TEXTS = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view")


def texts_of_parquet(file: io.BufferedReader, name: str, text_field: str) -> Iterator[SourceText]:
    """The text of each record: a column of strings, or of bytes in UTF-8.

    Args:
        file: a plain file; another stream, which cannot be read here and there, is written to a temporary file first.
    Raises:
        TextError: the file is broken, has no such column, or the column holds no text.
    """
    path = Path(name)
    pyarrow, parquet = import_pyarrow("pyarrow", path), import_pyarrow("pyarrow.parquet", path)
    with _seekable(file) as source:
        try:
            table = parquet.ParquetFile(source)
            if text_field not in table.schema_arrow.names:
                raise TextError(f"{name}: {no_field(text_field, table.schema_arrow.names)}")
            _refuse_repeated(name, table.schema_arrow.names, (text_field, "id"))
            kind = table.schema_arrow.field(text_field).type
            kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
            if str(kind) not in _TEXTS:
                raise TextError(
                    f"{name}: the column {text_field!r} holds {kind}, not text; name another (--text-field)"
                )
            number = 0
            columns = [text_field, *(["id"] if "id" in table.schema_arrow.names and text_field != "id" else [])]
            for batch in table.iter_batches(_RECORDS_AT_ONCE, columns=columns, use_threads=False):
                texts = batch.column(text_field).to_pylist()
                ids = batch.column("id").to_pylist() if "id" in columns[1:] else [None] * len(texts)
                for value, id_ in zip(texts, ids, strict=True):
                    number += 1
                    yield SourceText(number, _decoded(value), None, True, record_id(id_))
        except UnicodeDecodeError as error:
            raise TextError(f"{name}: the column {text_field!r} is not UTF-8; write the file again") from error
        except pyarrow.ArrowException as error:  # some are ValueErrors, which elsewhere mean a name that cannot be
            raise _broken(name, error) from error


def records_of_parquet(file: io.BufferedReader, name: str) -> Iterator[dict[str, Any]]:
    """All columns of each record.

    Raises:
        TextError: the file is broken.
    """
    path = Path(name)
    pyarrow, parquet = import_pyarrow("pyarrow", path), import_pyarrow("pyarrow.parquet", path)
    with _seekable(file) as source:
        try:
            table = parquet.ParquetFile(source)
            _refuse_repeated(name, table.schema_arrow.names, set(table.schema_arrow.names))
            for batch in table.iter_batches(_RECORDS_AT_ONCE, use_threads=False):
                yield from batch.to_pylist()
        except pyarrow.ArrowException as error:
            raise _broken(name, error) from error


def count_records(path: Path) -> tuple[int, int]:
    """The numbers of records and of uncompressed bytes of a plain parquet file, from its metadata.

    Raises:
        TextError: the file is broken.
    """
    pyarrow, parquet = import_pyarrow("pyarrow", path), import_pyarrow("pyarrow.parquet", path)
    try:
        facts = parquet.read_metadata(path)
    except pyarrow.ArrowException as error:
        raise _broken(path, error) from error
    return facts.num_rows, sum(facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))


def _refuse_repeated(name: str, columns: list[str], used: Iterable[str]) -> None:
    for column in used:
        if columns.count(column) > 1:
            raise TextError(f"{name}: several columns are called {column!r}; rename all but one")


def _broken(name: str | Path, error: Exception) -> TextError:
    return TextError(f"{name}: cannot be read ({reason_of(error)}); the file is broken or cut short")


def _decoded(value: Any) -> str | None:
    return value.decode("utf-8") if isinstance(value, bytes) else cast("str | None", value)


@contextmanager
def _seekable(file: io.BufferedReader) -> Iterator[BinaryIO]:
    """The file itself, or its bytes in a temporary one."""
    if type(file) is io.BufferedReader and file.seekable():
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        yield cast(BinaryIO, copy)
