"""How a training process asks the operating system for memory."""

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # of mallopt(3), glibc


def keep_freed_memory() -> None:
    """Keep memory that is freed, for the next step wants as much again.

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
