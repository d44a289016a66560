"""Embedding on and on takes no more memory than embedding for a while."""

import subprocess
import sys

import pytest

from conftest import small_model
from elmo.checkpoints.formats.native import save_native

CODE = """
import sys
from elmo import Elmo

def peak_kb():  # of this program; ru_maxrss would be the peak of the one that started it too
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

elmo = Elmo.from_pretrained(sys.argv[1])
sizes_kb = []
for round in range(40):
    elmo.embed([f"word{round}x{i} " * (i % 50) for i in range(500)], state=sys.argv[2])
    sizes_kb.append(peak_kb())
print(sizes_kb[-1] - sizes_kb[9])
"""


@pytest.mark.slow
@pytest.mark.parametrize("state", ["zero", "carry"])
def test_memory_stays_flat(tmp_path, state):
    save_native(small_model(), tmp_path / "m")
    done = subprocess.run(
        [sys.executable, "-c", CODE, tmp_path / "m", state], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 20_000  # kB, from round 10 to round 40
