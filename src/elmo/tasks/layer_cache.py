"""The layers of a frozen biLM for the examples of a task, computed once and kept on disk.

A file holds the layers of one list of sentences in float16, sentence after sentence, then a checksum. Its name is a hash of the
weights and the tokens. A step reads only the layers of its batch, so the memory of a training does not grow with its file. A
warning is given for a file of another user, a link and a damaged file, which are not used. The folder has a size limit: the
least recently used files are removed.
"""

import hashlib
import json
import math
import os
import stat
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.checkpoints.saved_model import fingerprint
from elmo.embed.embedder import Elmo
from elmo.embed.row_stream import embed_rows
from elmo.errors import OutputError
from elmo.storage.arrays import DiskArray
from elmo.storage.atomic import PART_PREFIX, atomic_write, remove_leftovers, temporary_room
from elmo.tasks.examples import Example, distinct
from elmo.text.sources.rows import Row

CACHE_BYTES = 16 * 2**30
_SUFFIX = ".layers"
_VERSION = b"2"  # 1: without a checksum
_CHECKSUM_BYTES, _PIECE_BYTES = 16, 2**20
_USER = os.geteuid() if hasattr(os, "geteuid") else 0

Report = Callable[[int, int], None]


def cache_folder() -> Path:
    """The default folder of the cache: `$ELMO_CACHE`, or `elmo` in the user's cache folder.

    Raises:
        OutputError: the user has no home folder.
    """
    given = os.environ.get("ELMO_CACHE")
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise OutputError(f"no folder for the cache of layers ({error}); give one (--cache DIR)") from error
    return (Path(given) if given else home / "elmo") / "layers"


def require_cache(folder: Path) -> None:
    """Check that a folder can be used as the cache, before any work is done.

    Raises:
        OutputError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary_room(folder):
            pass
    except OSError as error:
        raise OutputError(_unusable(folder, error)) from error


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
    """The layers of examples, from the folder or computed and stored there.

    Args:
        report: called with the sentences done and all.
        most: bytes of the folder; the layers of this call are kept even if they are more.
    Raises:
        OutputError: the folder cannot be written.
    """
    sentences, which = distinct(examples)
    lengths = [len(sentence.tokens) for sentence in sentences]
    shape = elmo.n_layers, elmo.width
    key = _key(elmo, sentences)
    n_bytes = 2 * sum(lengths) * math.prod(shape)
    own, another = folder / f"{key}{_SUFFIX}", folder / f"{key}-{_USER}{_SUFFIX}"
    path = next((path for path in (own, another) if _is_whole(path, key, n_bytes)), None)
    if path is None:
        path = own if _is_free(own) else another
        _make_room(folder, most - n_bytes)
        _write(path, key, elmo, sentences, report)
    with suppress(OSError):
        os.utime(path)
    return CachedLayers(path, lengths, which, shape)


def _write(path: Path, key: str, elmo: Elmo, sentences: Sequence[Example], report: Report) -> None:
    checksum = _checksum_of(key)
    try:
        with atomic_write(path) as part, part.open("wb") as file:
            rows = (Row(number, sentence.tokens) for number, sentence in enumerate(sentences, 1))
            for row, layers in embed_rows(elmo, rows, "all"):
                raw = np.ascontiguousarray(layers, np.float16).tobytes()
                file.write(raw)
                checksum.update(raw)
                report(row.line, len(sentences))
            file.write(checksum.digest())
    except OutputError as error:
        raise OutputError(f"{error}; give another folder for the cache of layers (--cache DIR)") from error


def _is_whole(path: Path, key: str, n_bytes: int) -> bool:
    """Whether a file is intact and of this user; warns if an existing file is not."""
    try:
        fault = "is a link" if path.is_symlink() else _fault_of(path, key, n_bytes)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        fault = f"cannot be read ({error.strerror})"
    if fault is not None:
        warnings.warn(f"{path} {fault}; the layers are computed again", stacklevel=4)
    return fault is None


def _fault_of(path: Path, key: str, n_bytes: int) -> str | None:
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))  # a FIFO would wait
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            return "is not a regular file"
        if found.st_uid != _USER:
            return "belongs to another user"
        if found.st_size != n_bytes + _CHECKSUM_BYTES:
            return f"is damaged ({found.st_size:,} bytes, expected {n_bytes + _CHECKSUM_BYTES:,})"
        checksum = _checksum_of(key)
        left = n_bytes
        while left and (piece := os.read(file, min(left, _PIECE_BYTES))):
            checksum.update(piece)
            left -= len(piece)
        return None if os.read(file, _CHECKSUM_BYTES) == checksum.digest() else "is damaged (its checksum differs)"
    finally:
        os.close(file)


def _checksum_of(key: str) -> "hashlib.blake2b":
    """The checksum of no layers yet; the name of the file counts."""
    return hashlib.blake2b(key.encode(), digest_size=_CHECKSUM_BYTES)


def _is_free(path: Path) -> bool:
    """Whether nothing has a name, after what had it was removed if it is this user's."""
    with suppress(OSError):
        if path.lstat().st_uid == _USER:
            path.unlink()
    return not os.path.lexists(path)


def computed_layers(
    elmo: Elmo, examples: Sequence[Example], report: Report = lambda done, n: None
) -> Callable[[int], NDArray[np.float16]]:
    """The same layers in memory: 2 bytes per number, so for some ten thousand sentences.

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
    """Remove this user's least recently used files until the rest has at most so many bytes.

    Leftovers of killed processes are removed first; files that other processes are writing count.
    """
    try:
        with suppress(PermissionError):
            remove_leftovers(folder)
        entries = [(path, path.lstat()) for path in folder.glob(f"*{_SUFFIX}")] if folder.is_dir() else []
        total = sum(_size(room) for room in folder.glob(f"{PART_PREFIX}*"))
    except OSError as error:
        raise OutputError(_unusable(folder, error)) from error
    own = [(path, found) for path, found in entries if found.st_uid == _USER]
    total += sum(found.st_size for _, found in own)
    for path, found in sorted(own, key=lambda pair: pair[1].st_mtime):
        if total <= max(0, most):
            return
        with suppress(OSError):
            path.unlink()
            total -= found.st_size


def _size(folder: Path) -> int:
    """Bytes of the files in a folder, while others change it."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total


def _unusable(folder: Path, error: OSError) -> str:
    return f"{folder}: cannot hold the cache of layers ({error.strerror}); give another folder (--cache DIR)"
