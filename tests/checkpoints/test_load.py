"""What `Elmo.from_pretrained` takes: folders, pairs, files by other names, ids of the hub."""

import shutil
from pathlib import Path

import pytest
import torch

from conftest import GOLDEN, SHARED, model_of, small_model
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model, located
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError

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
        with located(pair / file) as location:
            assert location.options == pair / "elmo_2x1024_small_options.json"
            assert location.weights == pair / "elmo_2x1024_small_weights.hdf5"
        assert same(load_model(pair / file))


def test_two_pairs_in_a_folder_are_asked_about_and_one_is_found(pair):
    with pytest.raises(CheckpointError, match=r"which model\? elmo_2x1024_medium_options\.json, elmo_2x1024_small_opt"):
        load_model(pair)
    (pair / "elmo_2x1024_medium_options.json").unlink()
    assert same(load_model(pair))


def test_weights_alone_ask_for_their_options(tmp_path):
    shutil.copy(SMALL / "weights.hdf5", tmp_path)
    with pytest.raises(CheckpointError, match=r"there is no options\.json beside these weights"):
        load_model(tmp_path / "weights.hdf5")
    with pytest.raises(CheckpointError, match=r"contains no options\.json for the weights"):
        load_model(tmp_path, weights=tmp_path / "weights.hdf5")


def test_each_format_is_known_by_its_files(tmp_path):
    save_native(small_model(), tmp_path / "native")
    save_many_langs(model_of("alphabet, words"), tmp_path / "many")
    expected = {"native": "native", "many": "elmoformanylangs", str(SMALL): "allennlp"}
    if SHARED.is_dir():
        expected[str(SHARED / "fixtures" / "bilm_tf" / "tiny_lm" / "checkpoint")] = "bilm-tf"
    for folder, kind in expected.items():
        with located(tmp_path / folder) as location:
            assert location.format.name == kind


def test_a_vocabulary_comes_with_a_pair_and_is_refused_where_there_is_one(tmp_path):
    (tmp_path / "v.txt").write_text("<S>\n</S>\n<UNK>\nthe\n")
    assert load_model(SMALL, vocabulary=tmp_path / "v.txt").vocabulary.words[3] == "the"
    with pytest.raises(CheckpointError, match=r"v\.txt: a model in the format native has its own vocabulary"):
        load_model("en", vocabulary=tmp_path / "v.txt")


def test_one_file_of_a_folder_loads_the_folder(tmp_path):
    save_native(small_model(), tmp_path / "native")
    save_many_langs(model_of("alphabet, words"), tmp_path / "many")
    for file in ("native/config.json", "native/model.safetensors", "many/encoder.pkl", "many/char.dic"):
        with located(tmp_path / file) as location:
            assert location.folder == (tmp_path / file).parent


@pytest.fixture
def published(tmp_path):
    """A published folder that a test may break."""
    shutil.copytree(GOLDEN / "allennlp" / "one_tanh", tmp_path / "m")
    (tmp_path / "m" / "golden.npz").unlink()
    return tmp_path / "m"


def test_nothing_there(tmp_path, published):
    with pytest.raises(
        CheckpointError, match=f"{tmp_path}/none: no such model folder, and no bundled model of that name"
    ):
        load_model(tmp_path / "none")
    with pytest.raises(
        CheckpointError, match=r"contains no model; looked for config\.json with model\.safetensors, for options\.json"
    ):
        load_model(tmp_path)
    (published / "notes.txt").write_text("none")
    with pytest.raises(CheckpointError, match=r"notes\.txt: a file, but not an archive; give the folder"):
        load_model(published / "notes.txt")
    (published / "weights.hdf5").unlink()
    with pytest.raises(CheckpointError, match="but no weights"):
        load_model(published)


def test_a_folder_by_the_name_of_a_bundled_model_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("elmo.checkpoints.load.BUNDLED", tmp_path / "bundled")
    save_native(small_model(seed=1), tmp_path / "bundled" / "en")
    save_native(small_model(seed=2), tmp_path / "en")
    bundled, own = (load_model(name).bilm.char_cnn.embedding.weight for name in ("en", "./en"))
    assert torch.equal(bundled, small_model(seed=1).bilm.char_cnn.embedding.weight)
    assert torch.equal(own, small_model(seed=2).bilm.char_cnn.embedding.weight)
    assert torch.equal(own, load_model(Path("en")).bilm.char_cnn.embedding.weight)


def test_weights_by_another_name_are_found_and_two_are_asked_about(published):
    (published / "weights.hdf5").rename(published / "elmo_weights.hdf5")
    load_model(published)
    shutil.copy(published / "elmo_weights.hdf5", published / "my_weights.hdf5")
    with pytest.raises(CheckpointError, match=r"which file holds the weights\? elmo_weights\.hdf5, my_weights\.hdf5"):
        load_model(published)
