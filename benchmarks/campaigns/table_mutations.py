"""One odd change of a table of Arrow: other columns, types or rows, empty cells, lists of other lengths."""

import random
from pathlib import Path

import pyarrow
import pyarrow.parquet


def arrow_file(path: Path, rng: random.Random) -> str:
    """An Arrow IPC file with an odd table."""
    with pyarrow.OSFile(str(path)) as file:
        table = pyarrow.ipc.open_file(file).read_all()
    table, how = _changed(table, rng)
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return how


def parquet_file(path: Path, rng: random.Random) -> str:
    """A parquet file with an odd table."""
    table, how = _changed(pyarrow.parquet.read_table(path, use_threads=False), rng)
    pyarrow.parquet.write_table(table, path)
    return how


def _changed(table: pyarrow.Table, rng: random.Random) -> tuple[pyarrow.Table, str]:
    at = rng.randrange(table.num_columns)
    name, kind = table.schema.names[at], table.schema.types[at]
    how = rng.choice(["gone", "rename", "repeat", "text", "empty", "cell", "rows", "order", "list", "list"])
    if how == "gone":
        return table.remove_column(at), f"{how} of {name}"
    if how == "rename":
        names = [f"{old}_x" if old == name else old for old in table.schema.names]
        return table.rename_columns(names), f"{how} of {name}"
    if how == "repeat":
        return table.append_column(name, table.column(at)), f"{how} of {name}"
    if how == "rows":
        kept = rng.choice([0, table.num_rows - 1, 1])
        return table.slice(0, kept) if rng.random() < 0.5 else pyarrow.concat_tables([table, table]), how
    if how == "order":
        return table.take(pyarrow.array(range(table.num_rows)[::-1])), how
    values = table.column(at).to_pylist()
    row = rng.randrange(len(values))
    if how == "text":
        values, kind = [str(value) for value in values], pyarrow.string()
    elif how == "empty":
        values = [None] * len(values)
    elif how == "cell":
        values[row] = None
    elif pyarrow.types.is_list(kind) and values[row]:
        values[row] = rng.choice([[], values[row] * 2, values[row][:-1], [None, *values[row][1:]]])
    return table.set_column(at, name, pyarrow.array(values, kind)), f"{how} of {name}, row {row}"
