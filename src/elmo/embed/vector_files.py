"""Vectors of a text -> a file: HDF5 in AllenNLP's layout, or npz.

Both hold one array a line, named by the number of the line from 0: (tokens, D), or (L, tokens, D) of all layers. A blank
line has an array of no tokens. The HDF5 file also has `sentence_to_index`, a JSON object {line: its number} (of a line that
comes twice: the last), as AllenNLP's `elmo` command wrote it.
"""

import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from elmo.checkpoints.hdf5 import writing_hdf5
from elmo.errors import OutputError, TextError

Lines = Iterable[tuple[str, NDArray[np.float32]]]  # each line of the text, and its vectors


def write_hdf5(path: Path, lines: Lines, index: bool = True, sentence_keys: bool = False) -> int:
    """Write vectors as AllenNLP's command does; returns the number of lines.

    Args:
        index: write `sentence_to_index` (the command's --forget-sentences: False).
        sentence_keys: name each array by its line instead of its number, and write no index (--use-sentence-keys).
    Raises:
        TextError: a line cannot be a name, or comes twice.
    """
    numbers: dict[str, str] = {}
    number = 0
    with writing_hdf5(path) as write:
        for number, (line, vectors) in enumerate(lines, start=1):
            if sentence_keys and (line in numbers or not _fits_a_key(line)):
                fault = "comes twice" if line in numbers else "cannot be a name in HDF5"
                raise TextError(f"line {number}: {line!r:.60} {fault}, so it cannot be a key; use numbers for keys")
            write(line if sentence_keys else str(number - 1), vectors)
            numbers[line] = str(number - 1)
        if index and not sentence_keys:
            write("sentence_to_index", [json.dumps(numbers)], dtype=h5py.string_dtype())
    return number


def _fits_a_key(line: str) -> bool:
    """Whether a line can be a name in HDF5: no path, no lone surrogate, no NUL character."""
    return line not in ("", ".") and not any(c in "/\0" or "\ud800" <= c <= "\udfff" for c in line)


def write_npz(path: Path, lines: Lines) -> int:
    """Write vectors as numpy's npz, one line after the other; returns the number of lines."""
    number = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for number, (_, vectors) in enumerate(lines, start=1):
            with archive.open(f"{number - 1}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, vectors, allow_pickle=False)
    return number


def writer_for(path: Path) -> Callable[[Path, Lines], int]:
    """The writer for a file's suffix.

    Raises:
        OutputError: there is none.
    """
    writers = {".hdf5": write_hdf5, ".h5": write_hdf5, ".npz": write_npz}
    if path.suffix not in writers:
        raise OutputError(f"{path}: vectors are written as {', '.join(writers)}; give a file with one of these endings")
    return writers[path.suffix]
