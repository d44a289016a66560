"""Files and folders that appear whole or not at all: a temporary name beside the target, fsync, rename."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elmo.errors import OutputError


def refuse_existing(target: Path, force: bool) -> None:
    """Fail before any work is done.

    Raises:
        OutputError: the target exists and is not to be replaced, or its folder cannot be made.
    """
    if target.exists() and not force:
        raise OutputError(f"{target} exists already; give another name, or --force to replace it")
    if target.exists() and target.is_dir() and target.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise OutputError(f"{target} is the folder you stand in; give another name")


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Lend a temporary path; what was written there takes the target's name when the block ends well.

    The block may write a file or make a folder. An existing target is replaced. When the block fails nothing is left.

    Raises:
        OutputError: the disk is full, the folder cannot be made or written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error}); choose another place") from error
    try:
        part = room / target.name
        yield part
        _sync(part)
        if target.is_dir():
            os.replace(target, room / "replaced")
        os.replace(part, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error}); nothing was changed") from error
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _sync(path: Path) -> None:
    for file in [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
