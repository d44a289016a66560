"""What came out, as items to compare: digests of arrays, tensors, lines and columns; values that a command printed."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Items = dict[str, str]
# Of the clock, of the folder, or of the version: differs from run to run.
PASSING = {"seconds", "minutes", "tokens_per_s", "output", "model", "report", "elmo_version"}


def digest(content: bytes) -> str:
    """Sixteen digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def array_digest(array: Any) -> str:
    """Of type, shape and bytes."""
    return digest(f"{array.dtype} {array.shape} ".encode() + array.tobytes())


def arrays_digest(arrays: Iterable[Any]) -> str:
    """Of several arrays in order."""
    return digest(" ".join(map(array_digest, arrays)).encode())


def tensors(path: Path, prefix: str = "") -> Items:
    """Each tensor of a safetensors file: type, shape and bytes, whatever their order in the file."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header.pop("__metadata__", None)
    items = {}
    for name, facts in header.items():
        begin, end = (8 + size + offset for offset in facts["data_offsets"])
        items[f"{prefix}{name}"] = digest(f"{facts['dtype']} {facts['shape']} ".encode() + content[begin:end])
    return items


def hdf5_arrays(path: Path, prefix: str = "") -> Items:
    """Each data set of an HDF5 file."""
    import h5py

    items: Items = {}

    def visit(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            value = found[()]
            is_text = getattr(value, "dtype", None) in (None, object)  # an array of objects would give their addresses
            items[f"{prefix}{name}"] = digest(repr(value).encode()) if is_text else array_digest(value)

    with h5py.File(path) as file:
        file.visititems(visit)
    return items


def facts(printed: str, prefix: str = "") -> Items:
    """Each key of a JSON object that a command printed, as it stands there."""
    return {f"{prefix}{k}": json.dumps(v) for k, v in json.loads(printed).items() if k not in PASSING}


def lines(text: str, prefix: str = "line ") -> Items:
    """Each line of a text."""
    return {f"{prefix}{n}": digest(line.encode()) for n, line in enumerate(text.splitlines(), 1)}


def log_lines(folder: Path, prefix: str = "") -> Items:
    """Each column of the log of a run, all lines: losses, norms, learning rates, perplexities."""
    columns: dict[str, list[Any]] = {}
    for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines():
        for key, value in json.loads(line).items():
            if key not in PASSING:
                columns.setdefault(key, []).append(value)
    return {f"{prefix}log {key}": digest(json.dumps(values).encode()) for key, values in columns.items()}


def model_folder(folder: Path, prefix: str = "") -> Items:
    """The tensors of a model, and its words."""
    return tensors(folder / "model.safetensors", prefix) | {
        f"{prefix}{path.name}": digest(path.read_bytes())
        for path in (folder / n for n in ("vocabulary.txt", "alphabet.json", "input_words.json", "words.txt"))
        if path.exists()
    }


def folder_rows(folder: Path, prefix: str = "") -> Items:
    """Each column of a folder of vectors, all rows."""
    from elmo import open_vectors

    rows = list(open_vectors(folder))
    items = {f"{prefix}number": str(len(rows))}
    for name in rows[0]._fields:
        column = [getattr(row, name) for row in rows]
        if hasattr(column[0], "tobytes"):
            items[f"{prefix}{name}"] = arrays_digest(column)
        elif set(map(repr, column)) == {"None"}:
            items[f"{prefix}{name}"] = "None in each row"
        else:
            items[f"{prefix}{name}"] = digest("\n".join(map(repr, column)).encode())
    return items
