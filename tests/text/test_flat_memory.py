"""A hundred times the text takes the memory of one: writing it and reading windows of it, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = """
import sys
from pathlib import Path
from elmo.text.sources.corpus import Corpus
from elmo.text.shards import read_encoded_text, write_encoded_text
from elmo.text.windows import WindowReader

what, folder = sys.argv[1], Path(sys.argv[2])
if what == "write":
    write_encoded_text(Corpus([folder / "corpus.txt"], True), folder / "text", heldout_seed=1)
else:
    text = read_encoded_text(folder / "text")
    reader = WindowReader(text, 128, 20, seed=1, shuffle=what, heldout=text.heldout)
    position, n_read = reader.start(), 0
    while n_read < min(reader.n_positions, 8_000_000):
        window, position = reader.read(position)
        n_read += window.begins.size
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak_kilobytes(what: str, folder: Path) -> int:
    """VmHWM, not ru_maxrss: that one outlives exec, so a child would report the peak of these tests, torch and all."""
    command = [sys.executable, "-c", MEASURE, what, str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600, env=environment)
    return int(ran.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak memory that Linux reports")
def test_memory_does_not_grow_with_the_text(tmp_path):
    line = " ".join(f"word{i % 997}" for i in range(20))
    megabyte = "".join(f"{line} {i % 911} .\n" + "\n" * (i % 9 == 0) for i in range(8_000))
    assert len(megabyte) > 1_000_000
    peaks = []
    for n_times in (1, 100):
        folder = tmp_path / str(n_times)
        folder.mkdir()
        with (folder / "corpus.txt").open("w") as file:
            for _ in range(n_times):
                file.write(megabyte)
        peaks.append([peak_kilobytes(what, folder) for what in ("write", "sentences", "documents", "none")])
    assert [large - small < 8_000 for small, large in zip(*peaks, strict=True)] == [True] * 4, peaks
