"""Embedding on and on takes no more memory than embedding for a while."""

import subprocess
import sys

import pytest

from conftest import small_model
from elmo.checkpoints.native import save_native

CODE = """
import resource, sys
from elmo import Elmo

elmo = Elmo.from_pretrained(sys.argv[1])
sizes_kb = []
for round in range(40):
    elmo.embed([f"word{round}x{i} " * (i % 50) for i in range(500)], state=sys.argv[2])
    sizes_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
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
