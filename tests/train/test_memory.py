"""Freed memory of a training process: kept for the next step, given back on request, though it lies between what is in use."""

import subprocess
import sys

import pytest

SCRIPT = """
import os
import numpy as np
from elmo.train.memory import give_back_free_memory, keep_freed_memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

keep_freed_memory()
before = resident()
arrays = [np.ones(2**17) for _ in range(300)]  # a megabyte each
used = arrays[::30]
del arrays
kept = resident()
give_back_free_memory()
print(kept - before, resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt and malloc_trim are of glibc")
def test_freed_memory_is_kept_until_it_is_given_back():
    shown = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
    kept, left = map(float, shown.split())
    assert kept > 290
    assert left < 60
