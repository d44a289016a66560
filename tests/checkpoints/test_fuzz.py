"""Any bytes in any file of a model, or in an archive of one, end in a model or in one `ElmoError`, and in no file outside."""

import subprocess
import sys
import tarfile
import zipfile

import pytest

from conftest import model_of, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from tensorflow_files import save_tf_checkpoint

LOAD = """
import random
import sys
import warnings
from pathlib import Path
from elmo.checkpoints.load import load_model
from elmo.errors import ElmoError

path, source, seed, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
warnings.simplefilter("ignore")
whole = path.read_bytes()
rng = random.Random(seed)
loaded = refused = 0
for _ in range(rounds):
    damaged = bytearray(whole)
    for _ in range(rng.choice([1, 1, 3, 30])):
        at = rng.randrange(min(len(damaged), rng.choice([64, 4096, len(damaged)])))
        damaged[at] = rng.choice([0, 255, 123, 34, rng.randrange(256)])
    if rng.random() < 0.2:
        del damaged[rng.randrange(len(damaged)):]
    path.write_bytes(damaged)
    try:
        load_model(source)
        loaded += 1
    except ElmoError as error:
        assert str(error)
        refused += 1
print(loaded, refused)
"""


def damaged_loads(path, source, folder):
    """How many of 400 damaged versions of a file loaded, and how many were refused."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, path, source, "7", "400"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    loaded, refused = map(int, done.stdout.split())
    assert loaded + refused == 400
    return loaded, refused


def save_theirs(model, folder):
    save_many_langs(model_of("alphabet, words"), folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("save", "name"),
    [
        (save_native, "config.json"),
        (save_native, "model.safetensors"),
        (save_native, "vocabulary.txt"),
        (save_allennlp, "options.json"),
        (save_allennlp, "weights.hdf5"),
        (save_theirs, "config.json"),
        (save_theirs, "model_config.json"),
        (save_theirs, "char.dic"),
        (save_theirs, "word.dic"),
        (save_theirs, "token_embedder.pkl"),
        (save_theirs, "encoder.pkl"),
        (save_tf_checkpoint, "checkpoint"),
        (save_tf_checkpoint, "model.ckpt-7.index"),
        (save_tf_checkpoint, "model.ckpt-7.data-00000-of-00001"),
    ],
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_damaged_files_load_or_are_refused(tmp_path, save, name):
    save(small_model(), tmp_path / "m")
    _, refused = damaged_loads(tmp_path / "m" / name, tmp_path / "m", tmp_path)
    assert refused > (0 if name == "checkpoint" else 40)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_damaged_archives_load_or_are_refused_and_write_nothing_outside(tmp_path, kind):
    save_allennlp(small_model(), tmp_path / "m")
    path = tmp_path / "room" / f"m.{kind}"
    path.parent.mkdir()
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in (tmp_path / "m").iterdir():
                archive.write(file, file.name)
    else:
        with tarfile.open(path, f"w:{kind[4:]}") as archive:
            archive.add(tmp_path / "m", "m")
    before = sorted(tmp_path.rglob("*"))
    _, refused = damaged_loads(path, path, tmp_path / "room")
    assert refused > 40
    assert sorted(tmp_path.rglob("*")) == before
