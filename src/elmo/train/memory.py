"""Memory of a training process: the size of the machine's, and freed memory that is kept."""

import ctypes
import os
import sys
from pathlib import Path

_LIMITS = (  # of a container, cgroup v2 and v1
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # of mallopt(3), glibc


def keep_freed_memory() -> None:
    """Keep freed memory in the process: the next step needs as much again.

    glibc maps each tensor of more than some megabytes anew and gives it back when it is freed; a step of 256 rows then spends
    a sixth of its time in page faults (LOG.md). It holds for the whole process, so only a process that trains calls this. With
    another C library it does nothing.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_TOP_PAD, 2**26)


def give_back_free_memory() -> None:
    """Give back memory that is free but lies in pieces; what a step needs is then asked for once more.

    Windows whose number of words varies leave pieces that none of the next ones fits: a run with a teacher grew from 2.4 to 6
    GB in an hour (LOG.md). Called with each checkpoint, this costs some hundredths of a second.
    """
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if malloc_trim is not None:
        malloc_trim(0)


def memory_of_machine() -> int | None:
    """Bytes that processes can use here: of the machine, or of the container if that has less; None: unknown."""
    known = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else []
    for path in _LIMITS:
        try:
            limit = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        known += [int(limit)] if limit.isdecimal() else []  # "max": none
    return min(known, default=None)
