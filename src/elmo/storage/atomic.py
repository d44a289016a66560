"""Files and folders that appear whole or not at all: a temporary name beside the target, fsync, rename or exchange."""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path

from elmo.errors import OutputError
from elmo.storage.exchange import exchange, rename_to_new
from elmo.storage.file_lock import file_lock
from elmo.storage.uninterrupted import uninterrupted

PART_PREFIX = ".elmo-part-"  # of what is not whole yet
_ASIDE = "aside"  # in such a room: a folder that is being replaced, under its name


def refuse_existing(
    target: Path,
    force: bool | None,
    known_by: Sequence[str] | None = None,
    holds: Sequence[str] | None = None,
    inputs: Sequence[str | Path] = (),
) -> None:
    """Refuse an output that exists, before any work is done.

    Args:
        force: replace what exists; None: there is no such choice.
        known_by: None: a file is to be written. Else a folder, which may replace an empty folder or one that holds a file of
            one of these names, but never a folder of other things.
        holds: patterns of all files that such a folder holds, at any depth (`config.json`, `elmo/*.json`); with anything else
            in it, it is not replaced. None: not looked at.
        inputs: what the command reads; it is never replaced, nor a folder that it lies in. Names of no file are passed over.
    Raises:
        OutputError: the target exists and is not to be replaced, or its folder cannot be made.
    """
    try:
        exists, is_folder = _exists(target), target.is_dir()
        folder = next(parent for parent in target.absolute().parents if parent.exists())
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{str(target)[:80]!r}: no file can have this name ({_reason(error)}); give another"
        ) from error
    if not folder.is_dir():
        raise OutputError(f"{target}: cannot be written, {folder} is not a folder; choose another path")
    if not exists:
        return
    if force is not True:
        advice = "" if force is None else ", or --force to replace it"
        raise OutputError(f"{target} exists already; give another name{advice}")
    for given in inputs:
        if _lies_in(Path(given), target):
            raise OutputError(f"{target} would be replaced, but {given} is read from it; give another name")
    if not is_folder and known_by is None:
        return
    if is_folder != (known_by is not None):
        kinds = ("a folder", "a file") if is_folder else ("a file", "a folder")
        raise OutputError(f"{target} is {kinds[0]}, but the output is {kinds[1]}; give another name")
    if target.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise OutputError(f"{target} is the current folder or one above it; give another name")
    held = {path.name for path in target.iterdir()}
    if held and not held & set(known_by or ()):
        raise OutputError(f"{target} is a folder with other files, which --force would remove; give another name")
    if holds is not None and (other := _other_file(target, holds)) is not None:
        raise OutputError(f"{target} also contains {other}, which --force would remove; give another name")


def _lies_in(given: Path, target: Path) -> bool:
    """Whether a file or folder is the target, or is inside it."""
    try:
        return any(os.path.samefile(path, target) for path in (given, *given.resolve().parents))
    except (OSError, ValueError):  # there is no such file
        return False


def _other_file(folder: Path, patterns: Sequence[str]) -> str | None:
    """The first file in a folder that matches none of the patterns, which are paths relative to the folder."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if (path.is_dir() and not path.is_symlink()) or any(part.startswith(PART_PREFIX) for part in parts):
            continue
        wanted = [pattern.split("/") for pattern in patterns]
        if not any(len(parts) == len(each) and all(map(fnmatch, parts, each)) for each in wanted):
            return "/".join(parts)
    return None


@contextmanager
def atomic_write(target: Path, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary path; what is written there gets the target's name if the block succeeds.

    The block may write a file or make a folder. An existing target is replaced, where the system can in one step. When the block
    fails, whatever the reason, what was there before is there still. What a killed process left beside the target is removed.

    Args:
        replace: False: fail if the target exists when the block ends, be it written by another process meanwhile.
    Raises:
        OutputError: the disk is full, the folder cannot be made or written.
    """
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(PermissionError):  # a folder that may be written need not be readable
                remove_leftovers(target.parent)
        except OSError as error:
            raise OutputError(f"{target}: cannot be written ({_reason(error)}); choose another path") from error
        with temporary_room(target.parent) as room:
            part = room / "part"
            yield part
            if target.is_dir() and not part.is_dir():
                raise OutputError(f"{target} is a folder, but the output is a file; give another name")
            sync_to_disk(part)
            if not replace:
                _rename_to_new(part, target)
            elif not target.is_dir():
                os.replace(part, target)
            elif not exchange(part, target):  # then what was replaced goes with the room
                _replace_in_two_steps(part, target, room)
            sync_folder(target.parent)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({_reason(error)}); nothing was changed") from error


def _rename_to_new(part: Path, target: Path) -> None:
    try:
        rename_to_new(part, target)
    except FileExistsError as error:
        raise OutputError(f"{target} exists: another process wrote it meanwhile; give another name") from error


def _replace_in_two_steps(part: Path, target: Path, room: Path) -> None:
    """Replace a folder where the system cannot exchange; `remove_leftovers` puts it back if this process dies between."""
    aside = room / _ASIDE
    aside.mkdir()
    try:
        os.replace(target, aside / target.name)
        os.replace(part, target)
    finally:
        _put_back(room, target.parent)


def _put_back(room: Path, folder: Path) -> None:
    """Rename what was set aside to its old name, if nothing else has it now."""
    if (room / _ASIDE).is_dir():
        for kept in (room / _ASIDE).iterdir():
            if not os.path.lexists(folder / kept.name):
                os.replace(kept, folder / kept.name)


@contextmanager
def temporary_room(folder: Path) -> Iterator[Path]:
    """A temporary folder for unfinished parts, beside the target; it is removed when the block ends, whatever happens.

    It is locked while the block runs, so that others see that it was not left by a killed process.

    Raises:
        OutputError: it cannot be made.
    """
    while True:
        room = folder / f"{PART_PREFIX}{secrets.token_hex(8)}"
        try:  # a signal may come between any two lines
            room.mkdir(mode=0o700)
            with ExitStack() as stack:
                try:
                    free = stack.enter_context(file_lock(room))
                except FileNotFoundError:  # another process took it for a leftover before it was locked
                    continue
                if free and room.exists():
                    yield room
                    return
        finally:
            _remove_room(room)


def _remove_room(room: Path) -> None:
    """Remove a folder, though a signal comes: before its handlers wait, it is removed while what they raise is on its way."""
    try:
        _remove_tree(room)
    except BaseException:
        _remove_tree(room)
        raise


def _remove_tree(folder: Path) -> None:
    """Remove a folder as far as the system lets us; `rmtree` broken off by a signal may close a file twice, so signals wait."""
    with uninterrupted():
        shutil.rmtree(folder, ignore_errors=True)


def remove_whole(folder: Path) -> None:
    """Remove a folder so that no process sees a part of it: under its own name it is whole or gone."""
    room = folder.parent / f"{PART_PREFIX}{secrets.token_hex(8)}"
    try:
        os.replace(folder, room)
    except OSError:  # it stays, whole, for the next time
        return
    _remove_tree(room)


def remove_leftovers(folder: Path, alone: bool = False) -> None:
    """Remove unfinished files of killed processes from a folder, and restore what they had set aside to replace.

    Args:
        alone: no other process writes to the folder: what is not known to be a leftover, for want of locks, is one.
    """
    try:
        with os.scandir(folder) as entries:
            rooms = [Path(entry.path) for entry in entries if entry.name.startswith(PART_PREFIX)]
    except FileNotFoundError:
        return
    for room in rooms:
        with suppress(OSError), file_lock(room, without_locks=alone) as free:
            if free:
                _put_back(room, folder)
                _remove_tree(room)


def sync_to_disk(path: Path) -> None:
    """Wait until a file, or a folder with everything in it, is on the disk: the bytes of files, the names in folders."""
    for part in (path, *path.rglob("*")):
        _sync(part)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
