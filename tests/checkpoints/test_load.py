"""What `Elmo.from_pretrained` takes: folders, pairs, files by other names, ids of the hub."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import GOLDEN, SHARED, model_of, small_model
from elmo.apps.models.convert import convert_model
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model, located
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, OutputError

SMALL = GOLDEN / "allennlp" / "one_tanh"


@pytest.fixture
def pair(tmp_path):
    """Files as the original publications name them, two models in one folder."""
    for name in ("small", "medium"):
        shutil.copy(SMALL / "options.json", tmp_path / f"elmo_2x1024_{name}_options.json")
        shutil.copy(SMALL / "weights.hdf5", tmp_path / f"elmo_2x1024_{name}_weights.hdf5")
    return tmp_path


def same(model):
    return model.config.bilm == load_model(SMALL).config.bilm


def test_a_pair_by_both_of_its_files(pair):
    options = pair / "elmo_2x1024_small_options.json"
    assert same(load_model(options, weights=pair / "elmo_2x1024_medium_weights.hdf5"))
    assert Elmo.from_pretrained(options, weights=SMALL / "weights.hdf5").n_layers == 2


def test_a_pair_by_one_of_its_files(pair):
    for file in ("elmo_2x1024_small_options.json", "elmo_2x1024_small_weights.hdf5"):
        with located(pair / file) as place:
            assert place.options == pair / "elmo_2x1024_small_options.json"
            assert place.weights == pair / "elmo_2x1024_small_weights.hdf5"
        assert same(load_model(pair / file))


def test_two_pairs_in_a_folder_are_asked_about_and_one_is_found(pair):
    with pytest.raises(CheckpointError, match=r"which model\? elmo_2x1024_medium_options\.json, elmo_2x1024_small_opt"):
        load_model(pair)
    (pair / "elmo_2x1024_medium_options.json").unlink()
    assert same(load_model(pair))


def test_weights_alone_ask_for_their_options(tmp_path):
    shutil.copy(SMALL / "weights.hdf5", tmp_path)
    with pytest.raises(CheckpointError, match=r"weights without their options\.json beside them"):
        load_model(tmp_path / "weights.hdf5")
    with pytest.raises(CheckpointError, match=r"no options\.json in it for the weights"):
        load_model(tmp_path, weights=tmp_path / "weights.hdf5")


def test_each_format_is_known_by_its_files(tmp_path):
    save_native(small_model(), tmp_path / "native")
    save_many_langs(model_of("alphabet, words"), tmp_path / "many")
    expected = {"native": "native", "many": "elmoformanylangs", str(SMALL): "allennlp"}
    if SHARED.is_dir():
        expected[str(SHARED / "fixtures" / "bilm_tf" / "tiny_lm" / "checkpoint")] = "bilm-tf"
    for folder, kind in expected.items():
        with located(tmp_path / folder) as place:
            assert place.format.name == kind


def test_a_vocabulary_comes_with_a_pair_and_is_refused_where_there_is_one(tmp_path):
    (tmp_path / "v.txt").write_text("<S>\n</S>\n<UNK>\nthe\n")
    assert load_model(SMALL, vocabulary=tmp_path / "v.txt").vocabulary.words[3] == "the"
    with pytest.raises(CheckpointError, match=r"v\.txt: a model of the format native has its own words"):
        load_model("en", vocabulary=tmp_path / "v.txt")


IN_CACHE = """
import sys
from elmo.checkpoints.load import load_model, located
from elmo.errors import CheckpointError

with located("ana/elmo-small") as place:
    print(place.folder)
print(load_model("ana/elmo-small@main").vocabulary.words[3])
try:
    load_model("ben/elmo")
except CheckpointError as error:
    print(error)
"""


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
    assert error.startswith("ben/elmo: no folder of that name here, and from the hub it could not be had (")


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
    with pytest.raises(OutputError, match="no id of a model on the hub; give owner/name"):
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


def test_one_file_of_a_folder_stands_for_the_folder(tmp_path):
    save_native(small_model(), tmp_path / "native")
    save_many_langs(model_of("alphabet, words"), tmp_path / "many")
    for file in ("native/config.json", "native/model.safetensors", "many/encoder.pkl", "many/char.dic"):
        with located(tmp_path / file) as place:
            assert place.folder == (tmp_path / file).parent


@pytest.mark.parametrize(
    "save",
    [
        lambda folder: convert_model("en", folder, "native", force=True),
        lambda folder: Elmo(small_model()).save_pretrained(folder, force=True),
    ],
)
def test_a_folder_that_holds_other_things_too_is_never_replaced(tmp_path, save):
    save_native(small_model(), tmp_path / "m")
    (tmp_path / "m" / "thesis.tex").write_text("years")
    with pytest.raises(OutputError, match=r"holds thesis\.tex too, which --force would remove"):
        save(tmp_path / "m")
    assert (tmp_path / "m" / "thesis.tex").read_text() == "years"


def test_a_model_does_not_replace_what_it_is_read_from(tmp_path):
    save_native(small_model(), tmp_path / "m")
    with pytest.raises(OutputError, match="is read from there"):
        convert_model(str(tmp_path / "m"), tmp_path / "m", "allennlp", force=True)
    assert load_model(tmp_path / "m").softmax is not None


def test_a_conversion_that_fails_leaves_the_old_target(tmp_path, monkeypatch):
    save_native(small_model(seed=3), tmp_path / "m")
    monkeypatch.setattr("elmo.apps.models.convert._largest_difference", lambda *a: 1.0)
    with pytest.raises(CheckpointError, match="nothing was written"):
        convert_model("en", tmp_path / "m", "native", force=True, verify=True)
    assert load_model(tmp_path / "m").config.n_words == 9


def test_what_allennlp_refuses_is_noted(tmp_path):
    save_native(small_model(), tmp_path / "m")
    facts = convert_model(str(tmp_path / "m"), tmp_path / "b", "allennlp")
    assert facts["note"] == "bilm-tf reads this, AllenNLP does not: its words are not of 50 characters"
    assert "note" not in convert_model("en", tmp_path / "c", "allennlp")
