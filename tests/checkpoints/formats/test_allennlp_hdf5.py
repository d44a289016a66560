"""Files that are no whole model: one error that names the file, both values and the next step."""

import json
import os
import shutil

import h5py
import numpy as np
import pytest
import torch

from conftest import GOLDEN, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.load import load_model
from elmo.errors import CheckpointError
from elmo.model.config import BiLMConfig

KERNEL = "RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_0"


@pytest.fixture
def published(tmp_path):
    """A published folder that a test may break."""
    shutil.copytree(GOLDEN / "allennlp" / "one_tanh", tmp_path / "m")
    (tmp_path / "m" / "golden.npz").unlink()
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
        ({"lstm__dim": ...}, "contains no 'dim'"),
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


def test_a_vocabulary_beside_published_weights_need_not_be_one_of_a_language_model(published):
    (published / "vocabulary.txt").write_text("<S>\n</S>\nriver\n")
    assert load_model(published).vocabulary is None


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
