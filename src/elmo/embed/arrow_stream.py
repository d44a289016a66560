"""Vectors as Arrow numbers: values too large for float16 are refused; tools without float16 get float32."""

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
