"""A lock on a file or folder, held by one process at a time."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def file_lock(path: Path, without_locks: bool = True) -> Iterator[bool]:
    """Lock a folder or file against other processes that use this lock, until the block or the process ends.

    Args:
        without_locks: what to yield on a file system without locks, and on Windows, where nothing can be locked.
    Yields:
        whether the lock was free.
    """
    if sys.platform == "win32":
        yield without_locks
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except BlockingIOError:
        free = False
    except OSError:
        free = without_locks
    try:
        yield free
    finally:
        os.close(handle)
