"""Files that are no whole model: one error that names the place, both values and the next step."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from conftest import GOLDEN, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.native import load_native, save_native
from elmo.checkpoints.load import load_model
from elmo.errors import CheckpointError
from elmo.model.config import BiLMConfig
from elmo.train.warm_state import settle_state

KERNEL = "RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_0"


@pytest.fixture
def published(tmp_path):
    """A published folder that a test may break."""
    shutil.copytree(GOLDEN / "allennlp" / "one_tanh", tmp_path / "m")
    (tmp_path / "m" / "golden.npz").unlink()
    return tmp_path / "m"


@pytest.fixture
def native(tmp_path):
    save_native(small_model(), tmp_path / "m")
    return tmp_path / "m"


def edit_options(folder, **changes):
    options = json.loads((folder / "options.json").read_text())
    for key, value in changes.items():
        part, _, name = key.partition("__")
        if value is ...:
            del options[part][name]
        else:
            options[part][name] = value
    (folder / "options.json").write_text(json.dumps(options))


@pytest.mark.parametrize("n_characters", [261, 262])
def test_both_numbers_of_characters_are_read(published, n_characters):
    edit_options(published, char_cnn__n_characters=n_characters)
    assert load_model(published).bilm.char_cnn.embedding.weight.shape == (262, 8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"char_cnn__activation": "gelu"}, r"options\.json: activation is 'gelu': Input should be 'relu' or 'tanh'"),
        ({"char_cnn__n_characters": 300}, "n_characters is 300, expected 261 .* or 262"),
        ({"lstm__dim": ...}, "no 'dim' in it"),
        ({"lstm__dim": "many"}, "dim is 'many'"),
        ({"char_cnn__filters": 3}, r"options\.json"),
    ],
)
def test_options_that_cannot_work(published, changes, message):
    edit_options(published, **changes)
    with pytest.raises(CheckpointError, match=message):
        load_model(published)


@pytest.mark.parametrize("content", ["[]", "{", "{}", '{"lstm": {}}', '{"lstm": 3, "char_cnn": 4}'])
def test_options_that_are_none(published, content):
    (published / "options.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"options\.json"):
        load_model(published)


def test_every_array_of_another_shape_is_named_with_both_shapes_in_one_message(published):
    edit_options(published, lstm__dim=41)
    with pytest.raises(CheckpointError) as caught:
        load_model(published)
    message = str(caught.value)
    assert f"'{KERNEL}' is (32, 160), the options make it (32, 164)" in message
    assert "'RNN_1/RNN/MultiRNNCell/Cell0/LSTMCell/W_P_0' is (40, 16), the options make it (41, 16)" in message
    assert message.count(" is (") == 6
    assert message.endswith("give the options.json that came with these weights")


@pytest.mark.parametrize("damage", [lambda b: b[:1000], lambda b: b"no HDF5", lambda b: b""])
def test_weights_that_are_cut_or_no_hdf5(published, damage):
    path = published / "weights.hdf5"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match=r"weights\.hdf5: not a whole HDF5 file"):
        load_model(published)


def test_arrays_that_are_missing_not_numbers_or_not_finite(published):
    with h5py.File(published / "weights.hdf5", "r+") as file:
        del file["CNN_proj/b_proj"], file["char_embed"]
        file["char_embed"] = np.zeros((261, 8), dtype=np.int32)
    with pytest.raises(CheckpointError, match=r"'CNN_proj/b_proj' is missing.*'char_embed' holds int32"):
        load_model(published)


def test_numbers_that_are_not_finite(published):
    with h5py.File(published / "weights.hdf5", "r+") as file:
        file["CNN_proj/b_proj"][3] = np.nan
    with pytest.raises(CheckpointError, match=r"char_cnn\.projection\.bias' holds numbers that are not finite"):
        load_model(published)


def test_links_to_other_files_are_not_followed(published, tmp_path):
    shutil.copy(published / "weights.hdf5", tmp_path / "other.hdf5")
    with h5py.File(published / "weights.hdf5", "r+") as file:
        del file["char_embed"]
        file["char_embed"] = h5py.ExternalLink(str(tmp_path / "other.hdf5"), "char_embed")
    with pytest.raises(CheckpointError, match="'char_embed' is missing"):
        load_model(published)


def test_nothing_there(tmp_path, published):
    with pytest.raises(
        CheckpointError, match=f"{tmp_path}/none: no such model folder, and no bundled model of that name"
    ):
        load_model(tmp_path / "none")
    with pytest.raises(
        CheckpointError, match=r"no model in it; looked for config\.json with model\.safetensors, for options\.json"
    ):
        load_model(tmp_path)
    (published / "notes.txt").write_text("none")
    with pytest.raises(CheckpointError, match=r"notes\.txt: a file, and no archive; give the folder"):
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


def test_a_native_folder_without_weights_or_vocabulary(native):
    (native / "vocabulary.txt").unlink()
    with pytest.raises(CheckpointError, match=r"vocabulary\.txt: no such file; the softmax"):
        load_model(native)
    (native / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors: no such file"):
        load_model(native)


def test_a_native_file_that_is_cut(native):
    path = native / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=r"model\.safetensors: not a whole safetensors file"):
        load_model(native)


def test_native_tensors_that_do_not_fit_are_all_named(native):
    tensors = load_file(native / "model.safetensors")
    tensors["bilm.forward_lm.layers.0.bias"] = torch.zeros(3)
    tensors["extra"] = tensors.pop("softmax.bias")
    save_file(tensors, native / "model.safetensors")
    with pytest.raises(CheckpointError) as caught:
        load_model(native)
    for part in (
        "'bilm.forward_lm.layers.0.bias' is (3,), the config makes it (44,)",
        "'extra' (9,) is not expected",
        "'softmax.bias' is missing, the config needs (9,)",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_native_tensors_that_are_no_floating_point_numbers_are_refused(native, dtype):
    tensors = load_file(native / "model.safetensors")
    tensors["bilm.forward_lm.layers.0.bias"] = torch.ones(44).to(dtype)
    save_file(tensors, native / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"layers\.0\.bias' holds \w+, expected floating-point numbers"):
        load_model(native)


@pytest.mark.parametrize("value", [torch.zeros(3), torch.full((2, 1, 7), torch.nan)])
def test_a_warm_state_that_does_not_fit_is_refused(tmp_path, value):
    model = small_model()
    state = settle_state(model.bilm, model.word_encoder, [["the", "river"]])
    config = model.config.model_copy(update={"warm_state": True})
    save_native(replace(model, config=config, warm=state), tmp_path / "m")
    assert load_model(tmp_path / "m").warm is not None
    tensors = load_file(tmp_path / "m" / "model.safetensors")
    save_file(tensors | {"warm.forward.hidden": value}, tmp_path / "m" / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"'warm\.forward\.hidden' (is \(3,\)|holds numbers that are not finite)"):
        load_model(tmp_path / "m")


def test_a_config_nested_without_end_is_no_config(native):
    (native / "config.json").write_text("[" * 100_000)
    with pytest.raises(CheckpointError, match="nested too deep"):
        load_model(native)


def test_sizes_that_no_memory_holds_are_compared_before_they_are_made(native):
    path = native / "config.json"
    config = json.loads(path.read_text())
    config["bilm"]["lstm"]["cell_size"] = 2**20
    config["bilm"]["lstm"]["projection_size"] = 2**20
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"the config makes it \(4194304, 1048576\)"):
        load_model(native)
    config["bilm"]["lstm"]["cell_size"] = 10**30
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="cell_size: Input should be less than"):
        load_model(native)


def test_a_vocabulary_beside_published_weights_need_not_be_one_of_a_language_model(published):
    (published / "vocabulary.txt").write_text("<S>\n</S>\nriver\n")
    assert load_model(published).vocabulary is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unheard": 1}, "unheard: Extra inputs are not permitted"),
        ({"format": "bert"}, "format: Input should be 'elmo'"),
        ({"n_words": 8}, r"'softmax\.bias' is \(9,\), the config makes it \(8,\)"),
    ],
)
def test_a_config_that_cannot_work(native, change, message):
    path = native / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CheckpointError, match=message):
        load_model(native)


def test_another_vocabulary_is_noticed(native):
    with (native / "vocabulary.txt").open("a") as file:
        file.write("more\n")
    with pytest.raises(CheckpointError, match=r"10 words, the softmax has 9"):
        load_model(native)


def test_a_native_model_is_bitwise_the_same_after_its_folder(native):
    before, after = small_model(), load_native(native)
    assert after.config == before.config
    assert after.vocabulary.words == before.vocabulary.words
    for a, b in ((before.bilm, after.bilm), (before.softmax, after.softmax)):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_a_model_without_projections_is_written_and_read_as_bilm_tf_did(tmp_path):
    config = BiLMConfig.model_validate(
        {
            "char_cnn": {"embedding_size": 3, "filters": [(1, 3), (2, 4)], "n_highway": 0, "projected": False},
            "lstm": {
                "cell_size": 7,
                "projection_size": 7,
                "projected": False,
                "cell_clip": None,
                "projection_clip": None,
            },
        }
    )
    model = small_model(config)
    save_allennlp(model, tmp_path / "m")
    again = load_model(tmp_path / "m")
    assert again.config.bilm == config
    assert all(torch.equal(p, q) for p, q in zip(model.bilm.parameters(), again.bilm.parameters(), strict=True))


def test_what_the_published_format_cannot_hold_is_refused(tmp_path):
    config = small_model().config.bilm
    other = config.model_copy(update={"encoder": config.encoder.model_copy(update={"forget_bias": 0.0})})
    with pytest.raises(CheckpointError, match=r"forget bias of 1, the model has 0\.0"):
        save_allennlp(small_model(other), tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_arrays_that_were_never_written_take_no_memory(published):
    edit_options(published, lstm__dim=2**20, lstm__projection_dim=2**10)
    with h5py.File(published / "weights.hdf5", "r+") as file:
        for name in (KERNEL, KERNEL.replace("RNN_0", "RNN_1")):
            del file[name]
            file.create_dataset(name, (2**11, 2**22), np.float32, chunks=(64, 64))
    with pytest.raises(CheckpointError, match=f"'{KERNEL}' is missing"):
        load_model(published)


def test_a_link_is_not_followed_where_the_options_leave_a_choice(published, tmp_path):
    edit_options(published, char_cnn__filters=[[1, 16]])
    os.mkfifo(tmp_path / "pipe")  # whoever opens it waits for ever
    with h5py.File(published / "weights.hdf5", "r+") as file:
        del file["CNN_proj"]
        file["CNN_proj"] = h5py.ExternalLink(str(tmp_path / "pipe"), "/")
    with pytest.raises(CheckpointError, match="the options make it"):
        load_model(published)
