"""Which arrays a published file has: their names, shapes and quirks; there and back every parameter is the same."""

import numpy as np
import pytest
import torch

from conftest import SMALL, model_of, small_model
from elmo.checkpoints.formats.hdf5_layout import StoredArray, byte_cnn, datasets, read_bilm
from elmo.errors import CheckpointError

CELL = "RNN_1/RNN/MultiRNNCell/Cell0/LSTMCell"


def parameters(model):
    return {name: p.detach() for name, p in model.bilm.named_parameters()}


def arrays_of(model):
    return {each.name: each.from_parameters(parameters(model)) for each in datasets(model.bilm.config)}


def find_in(arrays):
    def find(name):
        found = arrays.get(name)
        if found is None:
            return None
        values = np.asarray(found)
        return StoredArray(values.shape, str(values.dtype), values.dtype.kind == "f", lambda: values)

    return find


def test_names_and_shapes_are_those_of_the_published_files():
    # E, P, H, F = 3, 7, 11, 9: the options of the model in numbers (see bilm-tf's dump_weights)
    shapes = {each.name: each.shape for each in datasets(SMALL)}
    assert shapes == {name: tuple(array.shape) for name, array in arrays_of(small_model()).items()}
    assert shapes["char_embed"] == (261, 3)
    assert shapes["CNN/W_cnn_1"] == (1, 3, 3, 5)
    assert shapes["CNN_high_0/W_carry"] == (9, 9)
    assert shapes["CNN_proj/W_proj"] == (9, 7)
    assert shapes[f"{CELL}/W_0"] == (14, 44)
    assert shapes[f"{CELL}/W_P_0"] == (11, 7)
    assert len(shapes) == 1 + 2 * 2 + 4 + 2 + 2 * 2 * 3


def test_matrices_are_stored_input_first_and_the_kernel_holds_x_above_h():
    model = small_model()
    arrays, p = arrays_of(model), parameters(model)
    assert torch.equal(arrays[f"{CELL}/W_0"][:7], p["backward_lm.layers.0.input_weight"].t())
    assert torch.equal(arrays[f"{CELL}/W_0"][7:], p["backward_lm.layers.0.hidden_weight"].t())
    assert torch.equal(arrays["CNN_proj/W_proj"], p["char_cnn.projection.weight"].t())
    assert torch.equal(arrays["char_embed"], p["char_cnn.embedding.weight"][1:])


def test_there_and_back_every_parameter_is_the_same():
    model = small_model()
    again = read_bilm(SMALL, datasets(SMALL), find_in(arrays_of(model)), "weights")
    for (name, p), q in zip(model.bilm.named_parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q), name
    assert not again.training


def test_all_that_does_not_fit_is_one_message_and_nothing_is_read():
    arrays = {name: array.numpy() for name, array in arrays_of(small_model()).items()}
    del arrays["CNN_proj/b_proj"]
    arrays["char_embed"] = np.zeros((262, 3), np.float32)
    arrays["CNN/b_cnn_0"] = np.zeros(4, np.int32)
    find = find_in(arrays)

    def unread(name):
        found = find(name)
        return None if found is None else found._replace(read=lambda: pytest.fail("read before all is known to fit"))

    with pytest.raises(CheckpointError) as caught:
        read_bilm(SMALL, datasets(SMALL), unread, "w.hdf5")
    assert str(caught.value) == (
        "w.hdf5: 'CNN/b_cnn_0' holds int32, expected floating-point numbers; 'CNN_proj/b_proj' is missing, the options need "
        "(7,); 'char_embed' is (262, 3), the options make it (261, 3); give the options.json that came with these weights"
    )


@pytest.mark.parametrize(("layer", "what"), [("words", "word vectors"), ("alphabet", "an alphabet of 16 characters")])
def test_other_input_layers_are_refused(layer, what):
    with pytest.raises(CheckpointError, match=f"words as UTF-8 bytes, this model reads {what}"):
        byte_cnn(model_of(layer).bilm.config)
