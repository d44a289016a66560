"""Checks on the files of a model before one is opened: they must be regular files of its folder, no links or pointers."""

import stat
from collections.abc import Iterable
from pathlib import Path

from elmo.errors import CheckpointError

_LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/"  # how the file of text begins that Git keeps in place of a large one
)


def check_files(folder: Path, files: Iterable[Path]) -> None:
    """Refuse files with which an untrusted model folder could make a reader hang, or read another file of this machine.

    Args:
        folder: of the model. files: in it, or given beside it.
    Raises:
        CheckpointError: one is a pipe or a device, a link that leads out of the folder, or a pointer of Git LFS.
    """
    for path in files:
        try:
            mode = path.stat().st_mode
        except OSError:  # a link that leads nowhere: whoever needs the file says that it is missing
            continue
        if not stat.S_ISREG(mode):
            raise CheckpointError(
                f"{path}: not a regular file; a model consists of regular files, so put the file itself there"
            )
        if path.parent == folder and not _lies_within(path.resolve(), folder.resolve()):
            raise CheckpointError(
                f"{path}: a link to {path.resolve()}, which is outside the folder of the model; copy that file here"
            )
        _refuse_pointer(path)


def _lies_within(path: Path, folder: Path) -> bool:
    """Whether a file is in a folder, or in the blobs that a snapshot of the Hugging Face cache links to."""
    allowed = [folder]
    if folder.parent.name == "snapshots":
        allowed.append(folder.parent.parent / "blobs")
    return any(parent in path.parents for parent in allowed)


def _refuse_pointer(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(_LFS_POINTER))
    except OSError:  # whoever needs the file says that it cannot be read
        return
    if start == _LFS_POINTER:
        raise CheckpointError(
            f"{path}: a pointer of Git LFS, not the file itself; run `git lfs pull` in the folder, or download the file"
        )
