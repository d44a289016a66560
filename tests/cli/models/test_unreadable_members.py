"""B15: members of a model or task that the user may not read are one sentence; in processes that may not read them either."""

import shutil
import subprocess
import sys

import pytest

from conftest import GOLDEN, small_model
from elmo import Elmo

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="takes rights away as Linux does")
SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]
# `elmo`, which also the superuser runs without the right to read all files
WITHOUT_RIGHTS = """
import ctypes, os, sys
for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    ctypes.CDLL(None).prctl(24, right, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, "-m", "elmo", *sys.argv[1:]])
"""


def refused(*arguments):
    command = [sys.executable, "-c", WITHOUT_RIGHTS, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
    (line,) = ran.stderr.splitlines()
    assert line.startswith("elmo: ")
    return line


@pytest.mark.parametrize("member", ["config.json", "model.safetensors", "vocabulary.txt"])
def test_a_model_whose_member_may_not_be_read(tmp_path, member):
    folder = tmp_path / "m"
    Elmo(small_model()).save_pretrained(folder)
    (folder / member).chmod(0)
    (tmp_path / "t.txt").write_text("the bank\n")
    assert member in refused("info", folder)
    assert member in refused("embed", tmp_path / "t.txt", "-m", folder, "-o", tmp_path / "v.npz")
    assert not (tmp_path / "v.npz").exists()


@pytest.mark.parametrize("member", ["options.json", "weights.hdf5"])
def test_a_published_model_whose_member_may_not_be_read(tmp_path, member):
    shutil.copytree(GOLDEN / "allennlp" / "one_tanh", tmp_path / "m")
    (tmp_path / "m" / member).chmod(0)
    assert member in refused("info", tmp_path / "m")


@pytest.mark.parametrize("member", ["config.json", "model.safetensors", "words.txt"])
def test_a_task_whose_member_may_not_be_read(run_elmo, tmp_path, member):
    (tmp_path / "a.csv").write_text("text,label\n" + "a fine film,pos\na dull film,neg\n" * 4)
    files = ["--train", tmp_path / "a.csv", "--dev", tmp_path / "a.csv", "-o", tmp_path / "t"]
    assert run_elmo("train", "--task", "classify", *files, "--baseline", *SMALL).status == 0
    (tmp_path / "t" / member).chmod(0)
    assert member in refused("evaluate", tmp_path / "t", tmp_path / "a.csv")
