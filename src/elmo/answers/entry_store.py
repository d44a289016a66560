"""The entries of a knowledge base on disk: texts, where they stand in their files, and their vectors."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.answers.kb_file import BUILD_AGAIN
from elmo.answers.source_files import Entry
from elmo.errors import CheckpointError, TextError
from elmo.storage.arrays import ArraysWriter, DiskArray, open_arrays
from elmo.text.passages.plain_view import PlainView, Run

Vectors = NDArray[np.float32]
_NAMES = ("text", "text_ends", "titles", "title_ends", "runs", "run_ends", "sources", "vectors")


class EntryWriter:
    """Appends entries to the arrays of a folder."""

    def __init__(self, arrays: ArraysWriter) -> None:
        self._arrays = arrays
        self._ends = dict.fromkeys(("text", "titles", "runs"), 0)

    def append(self, entries: Sequence[Entry], vectors: Vectors, source: int) -> None:
        """Entries of one source, with their vectors float32 (entries, D)."""
        for name, ends, values in (
            ("text", "text_ends", [_bytes_of(entry.view.text) for entry in entries]),
            ("titles", "title_ends", [_bytes_of(entry.title) for entry in entries]),
            ("runs", "run_ends", [np.array(entry.view.runs, np.int32).reshape(-1, 3) for entry in entries]),
        ):
            self._arrays.append(name, np.concatenate(values))
            after = self._ends[name] + np.cumsum([len(value) for value in values], dtype=np.int64)
            self._arrays.append(ends, after)
            self._ends[name] = int(after[-1])
        self._arrays.append("sources", np.full(len(entries), source, np.int32))
        self._arrays.append("vectors", vectors)


def _bytes_of(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)


class EntryStore:
    """The entries of a folder; vectors are memory-mapped.

    Args:
        n_entries, width: what `kb.json` says.
    Raises:
        CheckpointError: an array is missing, cut short or altered.
    """

    def __init__(self, folder: Path, n_entries: int, width: int) -> None:
        try:
            arrays = dict(zip(_NAMES, open_arrays(folder, _NAMES), strict=True))
        except TextError as error:
            raise CheckpointError(f"{folder}: cut short or changed since it was written; {BUILD_AGAIN}") from error
        self._text, self._titles, self._runs = (arrays[name] for name in ("text", "titles", "runs"))
        ends = [arrays[name] for name in ("text_ends", "title_ends", "run_ends")]
        if any(array.shape != (n_entries,) for array in (*ends, arrays["sources"])) or (
            arrays["vectors"].shape != (n_entries, width)
        ):
            raise CheckpointError(f"{folder}: has other entries than kb.json says; {BUILD_AGAIN}")
        self._text_ends, self._title_ends, self._run_ends = (array.mapped() for array in ends)
        self.sources: NDArray[np.int32] = arrays["sources"].mapped()
        self.vectors: Vectors = arrays["vectors"].mapped()

    def __len__(self) -> int:
        return len(self.sources)

    def entry(self, number: int) -> Entry:
        """One entry."""
        text, title = self._read(self._text, self._text_ends, number), self.title(number)
        start, end = _span(self._run_ends, number)
        runs = tuple(Run(*run) for run in self._runs.read(start, end).tolist())
        return Entry(PlainView(text, runs), title)

    def title(self, number: int) -> str:
        """The headings above a passage, or the question of a stored answer."""
        return self._read(self._titles, self._title_ends, number)

    @staticmethod
    def _read(array: DiskArray, ends: NDArray[np.int64], number: int) -> str:
        return array.read_bytes(*_span(ends, number)).decode("utf-8", "surrogatepass")


def _span(ends: NDArray[np.int64], number: int) -> tuple[int, int]:
    return int(ends[number - 1]) if number else 0, int(ends[number])
