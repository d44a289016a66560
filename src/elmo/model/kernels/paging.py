"""Memory of weights that are mapped from a file, released once the weights are packed in another layout."""

import ctypes
import mmap
import sys

from torch import Tensor

_PAGEOUT = 21  # MADV_PAGEOUT of madvise(2), Linux 5.4: reclaim now what can be had again; what was changed is kept


def release_mapped_pages(*weights: Tensor | None) -> None:
    """Let the system reclaim the memory of weights that are mapped from a file; they are read again when used.

    Nothing is lost: pages that were written to stay, or go to swap. On other systems, on older ones and for memory that is of
    no file it does nothing that can be noticed.
    """
    if sys.platform != "linux":
        return
    madvise = getattr(ctypes.CDLL(None), "madvise", None)
    if madvise is None:
        return
    for weight in weights:
        if weight is None or weight.device.type != "cpu":
            continue
        start = -(-weight.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE  # whole pages that are this weight's alone
        end = (weight.data_ptr() + weight.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
        if end > start:
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _PAGEOUT)
