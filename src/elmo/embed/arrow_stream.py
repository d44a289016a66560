"""Vectors as Arrow numbers: values too large for float16 and damaged rows are refused; tools without float16 get float32."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.errors import OutputError
from elmo.storage.compressed import import_pyarrow


def refuse_overflow(numbers: NDArray[np.float32], kind: str, where: str) -> None:
    """Refuse numbers that are too large for a type.

    Raises:
        OutputError: there is one.
    """
    most = float(np.finfo(kind).max)
    if len(numbers) and max(numbers.max(), -numbers.min()) > most:
        raise OutputError(
            f"{where}: a vector contains {np.abs(numbers).max():.4g}, but {kind} holds at most {most:,.0f}; write float32"
        )


def refuse_inconsistent(batch: Any, first_row: int, n_rows: int, is_pooled: bool) -> None:
    """Refuse a record batch unless it has its rows, and each row as many tokens as characters and vectors.

    The numbers of the vectors are not checked: the folder keeps no checksum of them.

    Args:
        batch: a valid `pyarrow.RecordBatch` in the schema of its folder. first_row, n_rows: the rows that it should have.
        is_pooled: a row has one vector, not one per token.
    Raises:
        ValueError: something is missing, or does not fit together.
    """
    if batch.column(0).to_pylist() != list(range(first_row, first_row + n_rows)):
        raise ValueError("rows of another folder")
    columns = batch.columns[1:6]
    if any(column.null_count for column in columns):
        raise ValueError("a row has no tokens or no vectors")
    per_token = columns[1:4] if is_pooled else columns[1:5]
    if any(not column.offsets.equals(per_token[0].offsets) for column in per_token):
        raise ValueError("a row has more tokens than vectors, or fewer")
    values = [column.flatten() for column in columns[1:]]
    if any(value.null_count for value in values) or (not is_pooled and values[-1].flatten().null_count):
        raise ValueError("a token or a vector is missing")


def float32_reader(schema: Any, batches: Iterable[Any]) -> Any:
    """A `pyarrow.RecordBatchReader` of batches that are read on demand, with every float16 as float32.

    Args:
        schema: of the batches.
    """
    pyarrow = import_pyarrow("pyarrow", Path("part.arrow"))

    def wider(kind: Any) -> Any:
        if pyarrow.types.is_float16(kind):
            return pyarrow.float32()
        if pyarrow.types.is_fixed_size_list(kind):
            return pyarrow.list_(wider(kind.value_type), kind.list_size)
        return pyarrow.list_(wider(kind.value_type)) if pyarrow.types.is_list(kind) else kind

    wide = pyarrow.schema([(field.name, wider(field.type)) for field in schema], metadata=schema.metadata)
    return pyarrow.RecordBatchReader.from_batches(wide, (batch.cast(wide) for batch in batches))
