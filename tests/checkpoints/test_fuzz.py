"""Any bytes in any file of a model end in a model or in one `ElmoError`."""

import subprocess
import sys

import pytest

from conftest import small_model
from elmo.checkpoints.bilm_tf import save_bilm_tf
from elmo.checkpoints.native import save_native

LOAD = """
import random
import sys
from pathlib import Path
from elmo.checkpoints.load import load_model
from elmo.errors import ElmoError

path, seed, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
whole = path.read_bytes()
dice = random.Random(seed)
loaded = refused = 0
for _ in range(rounds):
    damaged = bytearray(whole)
    for _ in range(dice.choice([1, 1, 3, 30])):
        at = dice.randrange(min(len(damaged), dice.choice([64, 4096, len(damaged)])))
        damaged[at] = dice.choice([0, 255, 123, 34, dice.randrange(256)])
    if dice.random() < 0.2:
        del damaged[dice.randrange(len(damaged)):]
    path.write_bytes(damaged)
    try:
        load_model(path.parent)
        loaded += 1
    except ElmoError as error:
        assert str(error)
        refused += 1
print(loaded, refused)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("save", "name"),
    [
        (save_native, "config.json"),
        (save_native, "model.safetensors"),
        (save_native, "vocabulary.txt"),
        (save_bilm_tf, "options.json"),
        (save_bilm_tf, "weights.hdf5"),
    ],
)
def test_damaged_files_load_or_are_refused(tmp_path, save, name):
    save(small_model(), tmp_path / "m")
    done = subprocess.run(
        [sys.executable, "-c", LOAD, tmp_path / "m" / name, "7", "400"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    loaded, refused = map(int, done.stdout.split())
    assert loaded + refused == 400
    assert refused > 40
