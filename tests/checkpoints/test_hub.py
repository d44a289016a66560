"""Models of the Hugging Face hub: from the cache, by their ids, uploaded; none is looked for that was meant for this machine."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import GOLDEN, small_model
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, OutputError

SMALL = GOLDEN / "allennlp" / "one_tanh"
IN_CACHE = """
import sys
from elmo.checkpoints.load import load_model, located
from elmo.errors import CheckpointError

with located("ana/elmo-small") as location:
    print(location.folder)
print(load_model("ana/elmo-small@main").vocabulary.words[3])
try:
    load_model("ben/elmo")
except CheckpointError as error:
    print(error)
"""


def same(model):
    return model.config.bilm == load_model(SMALL).config.bilm


def test_an_id_of_the_hub_is_taken_from_the_cache_without_network(tmp_path):
    pytest.importorskip("huggingface_hub")
    repository, revision = tmp_path / "hub" / "models--ana--elmo-small", "0" * 40
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(revision)
    save_native(small_model(), repository / "snapshots" / revision)
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", IN_CACHE], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    folder, word, error = done.stdout.splitlines()
    assert folder == str(repository / "snapshots" / revision)
    assert word == "the"
    assert error.startswith("ben/elmo: there is no folder of that name, and it could not be fetched from the hub (")


def test_a_folder_wins_over_an_id_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_native(small_model(), tmp_path / "ana" / "elmo-small")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert load_model("ana/elmo-small").softmax is not None


def test_without_the_extra_one_sentence_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        CheckpointError, match=r"no such model folder; to look for ana/none on the hub, .* pip install 'elmo-lm\[hub\]'"
    ):
        load_model("ana/none")
    with pytest.raises(OutputError, match=r"pip install 'elmo-lm\[hub\]'"):
        Elmo(small_model()).push_to_hub("ana/elmo")


@pytest.mark.parametrize("source", ["/ana/none", "../none", "a/b/c", "ana/..", "none", "C:\\none", "ana/no ne"])
def test_what_is_no_id_is_not_looked_for_on_the_hub(source, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CheckpointError, match="no such model folder, and no bundled model of that name"):
        load_model(source)


def test_a_model_is_uploaded_as_a_folder_of_ours(monkeypatch):
    seen = {}

    class Api:
        def __init__(self, token):
            seen["token"] = token

        def create_repo(self, repository, **how):
            seen["made"] = (repository, how)

        def upload_folder(self, *, repo_id, folder_path, commit_message, repo_type):
            seen["files"] = sorted(path.name for path in Path(folder_path).iterdir())
            seen["config"] = json.loads((Path(folder_path) / "config.json").read_text())["format"]
            return SimpleNamespace(commit_url=f"https://hub/{repo_id}/1")

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(HfApi=Api))
    assert Elmo(small_model()).push_to_hub("ana/elmo", private=True, token="t") == "https://hub/ana/elmo/1"
    assert seen["files"] == ["config.json", "model.safetensors", "vocabulary.txt"]
    assert (seen["token"], seen["config"], seen["made"][1]["private"]) == ("t", "elmo", True)
    with pytest.raises(OutputError, match="not the id of a model on the hub; give owner/name"):
        Elmo(small_model()).push_to_hub("elmo")
    monkeypatch.setattr(Api, "create_repo", lambda *a, **k: 1 / 0)
    with pytest.raises(OutputError, match="could not be uploaded"):
        Elmo(small_model()).push_to_hub("ana/elmo")


@pytest.mark.parametrize("name", ["here/none", "none/m.zip", "none/options.json"])
def test_a_name_that_is_meant_for_this_machine_is_not_looked_for_on_the_hub(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CheckpointError, match="no such model folder, and no bundled model of that name"):
        load_model(name)


def test_an_archive_on_the_hub_is_unpacked(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        for file in ("options.json", "weights.hdf5"):
            archive.write(SMALL / file, file)
    (tmp_path / "README.md").write_text("a card")
    hub = SimpleNamespace(snapshot_download=lambda *a, **k: str(tmp_path))
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert same(load_model("ana/zipped"))
