"""Renaming and exchanging files in one step, where the system can (Linux: renameat2)."""

import ctypes
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_NO_REPLACE, _EXCHANGE = 1, 2
_CANNOT = (errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.ENOTSUP)  # of some file systems and old systems


def exchange(a: Path, b: Path) -> bool:
    """Exchange two existing files or folders, so that at every moment both names exist.

    Returns:
        whether that was done; False: this system cannot.
    Raises:
        OSError: it failed.
    """
    return _rename(a, b, _EXCHANGE)


def rename_to_new(source: Path, target: Path) -> None:
    """Rename to a name that does not exist; of several processes one succeeds.

    Raises:
        FileExistsError: something has it. OSError: it failed.
    """
    if _rename(source, target, _NO_REPLACE):
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    os.rename(source, target)  # a folder that came meanwhile is not empty, and then this fails


def _rename(a: Path, b: Path, flags: int) -> bool:
    renameat2 = _renameat2()
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(a), _AT_FDCWD, os.fsencode(b), flags) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(b))


@cache
def _renameat2() -> Any:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
