"""The code of docs/migrate.md, in both languages, runs as it stands beside models of the names that it uses."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest

from conftest import GOLDEN, model_of, small_model
from elmo.checkpoints.formats.many_langs import save_many_langs
from tensorflow_files import save_tf_checkpoint

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ["migrate.md", "migrate.zh.md"]
SMALL = GOLDEN / "allennlp" / "one_tanh"


def code_of(page, language):
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.fixture
def old_things(tmp_path, monkeypatch):
    for folder in ("elmo_model", "seqvec"):
        (tmp_path / folder).mkdir()
        for file in ("options.json", "weights.hdf5"):
            shutil.copy(SMALL / file, tmp_path / folder)
    with zipfile.ZipFile(tmp_path / "209.zip", "w") as archive:
        archive.write(SMALL / "options.json", "options.json")
        archive.write(SMALL / "weights.hdf5", "model.hdf5")
        archive.writestr("vocab.txt", "the\nriver\n")
    save_many_langs(model_of("alphabet, words"), tmp_path / "161")
    save_tf_checkpoint(small_model(), tmp_path / "lm" / "checkpoint")
    (tmp_path / "lm" / "checkpoint" / "vocabulary.txt").rename(tmp_path / "lm" / "vocab.txt")
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("ignore:.*of this text")
@pytest.mark.parametrize("page", PAGES)
def test_the_code_runs(page, old_things):
    blocks = code_of(page, "python")
    assert len(blocks) >= 7
    for block in blocks:
        exec(compile(block, page, "exec"), {})


@pytest.mark.parametrize("page", PAGES)
def test_the_imports_that_change_are_those_of_the_code(page):
    added = [line[1:] for block in code_of(page, "diff") for line in block.splitlines() if line.startswith("+")]
    assert len(added) == 4
    assert all(any(line in block for block in code_of(page, "python")) for line in added)


def test_both_languages_show_the_same_code():
    for language in ("python", "diff", "bash"):
        ours, theirs = ([re.sub(r"\s*#.*", "", b) for b in code_of(page, language)] for page in PAGES)
        assert ours == theirs
