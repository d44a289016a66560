"""The layers of a frozen biLM for the examples of a task, computed once and kept on disk.

A file holds the layers of one list of sentences in float16, sentence after sentence, and is named by what decides them: the
weights and the tokens. What a step looks at is read, no more, so a training's memory does not grow with its file. The folder is
bounded: what was used longest ago goes.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.checkpoints.saved_model import fingerprint
from elmo.embed.embedder import Elmo
from elmo.embed.row_stream import embed_rows
from elmo.errors import OutputError
from elmo.storage.arrays import DiskArray
from elmo.storage.atomic import atomic_write
from elmo.tasks.examples import Example, distinct
from elmo.text.sources.rows import Row

CACHE_BYTES = 16 * 2**30
_SUFFIX = ".layers"
_VERSION = b"1"

Report = Callable[[int, int], None]


def cache_folder() -> Path:
    """Where layers are kept by default: `$ELMO_CACHE`, or `elmo` in the user's cache folder."""
    given = os.environ.get("ELMO_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(given) if given else home / "elmo") / "layers"


class CachedLayers:
    """The layers of a list of examples: `layers(number)` is float16 (L, T, D).

    Args:
        lengths: of the sentences in the file. which: for each example the number of its sentence.
        shape: L, D.
    """

    def __init__(self, path: Path, lengths: Sequence[int], which: Sequence[int], shape: tuple[int, int]) -> None:
        L, D = shape
        self._which = which
        self._edges = np.cumsum([0, *lengths]) * L
        self._shape = shape
        self._rows = DiskArray(path, "float16", (int(self._edges[-1]), D))

    def __call__(self, number: int) -> NDArray[np.float16]:
        """The layers of an example, token layer first, doubled to the full width."""
        L, D = self._shape
        sentence = self._which[number]
        first, end = self._edges[sentence : sentence + 2].tolist()
        return self._rows.read(first, end).reshape(L, -1, D)


def cached_layers(
    elmo: Elmo,
    examples: Sequence[Example],
    folder: Path,
    report: Report = lambda done, n: None,
    most: int = CACHE_BYTES,
) -> CachedLayers:
    """The layers of examples, from the folder or computed and left there.

    Args:
        report: called with the sentences done and all.
        most: bytes of the folder; what is needed now stays though it be more.
    Raises:
        OutputError: the folder cannot be written.
    """
    sentences, which = distinct(examples)
    lengths = [len(sentence.tokens) for sentence in sentences]
    shape = elmo.n_layers, elmo.width
    path = folder / f"{_key(elmo, sentences)}{_SUFFIX}"
    n_bytes = 2 * sum(lengths) * math.prod(shape)
    if not path.is_file() or path.stat().st_size != n_bytes:
        _make_room(folder, most - n_bytes)
        with atomic_write(path) as part, part.open("wb") as file:
            rows = (Row(number, sentence.tokens) for number, sentence in enumerate(sentences, 1))
            for row, layers in embed_rows(elmo, rows, "all"):
                file.write(np.ascontiguousarray(layers, np.float16).tobytes())
                report(row.line, len(sentences))
    os.utime(path)
    return CachedLayers(path, lengths, which, shape)


def computed_layers(
    elmo: Elmo, examples: Sequence[Example], report: Report = lambda done, n: None
) -> Callable[[int], NDArray[np.float16]]:
    """The same layers in memory: 2 bytes a number, so for some ten thousand sentences.

    Args:
        report: called with the sentences done and all.
    """
    sentences, which = distinct(examples)
    rows = (Row(number, sentence.tokens) for number, sentence in enumerate(sentences, 1))
    found = []
    for row, layers in embed_rows(elmo, rows, "all"):
        found.append(np.ascontiguousarray(layers, np.float16))
        report(row.line, len(sentences))
    return lambda number: found[which[number]]


def _key(elmo: Elmo, examples: Sequence[Example]) -> str:
    found = hashlib.sha256(_VERSION + fingerprint(elmo.model).encode() + elmo.dtype.encode())
    for example in examples:
        found.update(json.dumps([token.text for token in example.tokens]).encode() + b"\n")
    return found.hexdigest()[:40]


def _make_room(folder: Path, most: int) -> None:
    """Remove the files that were used longest ago until what is left is no more than so many bytes."""
    try:
        found = [(path, path.stat()) for path in folder.glob(f"*{_SUFFIX}")]
        total = sum(stat.st_size for _, stat in found)
        for path, stat in sorted(found, key=lambda pair: pair[1].st_mtime):
            if total <= max(0, most):
                return
            path.unlink()
            total -= stat.st_size
    except OSError as error:
        raise OutputError(f"{folder}: cannot be used as a cache ({error.strerror}); give another (--cache)") from error
