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
from elmo.errors import OutputError

Lines = Iterable[tuple[str, NDArray[np.float32]]]  # each line as it stood in the text, and its vectors


def write_hdf5(path: Path, lines: Lines) -> int:
    """Write vectors as AllenNLP's command did; returns the number of lines."""
    index: dict[str, str] = {}
    number = 0
    with writing_hdf5(path) as write:
        for number, (line, vectors) in enumerate(lines, start=1):
            write(str(number - 1), vectors)
            index[line] = str(number - 1)
        write("sentence_to_index", [json.dumps(index)], dtype=h5py.string_dtype())
    return number


def write_npz(path: Path, lines: Lines) -> int:
    """Write vectors as numpy's npz, one line after the other; returns the number of lines."""
    number = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for number, (_, vectors) in enumerate(lines, start=1):
            with archive.open(f"{number - 1}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, vectors, allow_pickle=False)
    return number


def writer_for(path: Path) -> Callable[[Path, Lines], int]:
    """The writer that a file's ending asks for.

    Raises:
        OutputError: there is none.
    """
    writers = {".hdf5": write_hdf5, ".h5": write_hdf5, ".npz": write_npz}
    if path.suffix not in writers:
        raise OutputError(f"{path}: vectors are written as {', '.join(writers)}; give such an ending")
    return writers[path.suffix]
