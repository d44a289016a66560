"""Parameters <-> the tensors of ELMoForManyLangs: shapes, order of gates, what a highway keeps, there and back."""

import pytest
import torch

from conftest import INPUT_LAYERS, model_of, small_model
from elmo.checkpoints.formats.many_langs_tensors import (
    encoder_parameters,
    encoder_shapes,
    encoder_tensors,
    token_parameters,
    token_shapes,
    token_tensors,
)

LAYERS = ["alphabet", "words", "alphabet, words"]


def numbered(items):
    return {item: row for row, item in enumerate(items)} or None


def parameters(model):
    return {name: p.detach() for name, p in model.bilm.named_parameters()}


@pytest.mark.parametrize("layer", LAYERS)
def test_there_and_back_every_parameter_of_the_token_layer_is_the_same(layer):
    model = model_of(layer)
    tensors, items, characters = token_tensors(model)
    words, letters = numbered(items), numbered(characters)
    config, ours = model.bilm.config, parameters(model)
    assert {name: tuple(t.shape) for name, t in tensors.items()} == token_shapes(config, words, letters, tensors)
    found = dict(token_parameters(config, tensors, model.lexicon, words, letters))
    assert found.keys() == {name for name in ours if not name.startswith(("forward_lm", "backward_lm"))}
    for name, value in found.items():
        assert torch.equal(value, ours[name]), name


@pytest.mark.parametrize("forget_bias", [0.0, 1.0])
def test_gates_come_in_the_order_i_f_j_o_with_the_forget_bias_inside(forget_bias):
    config, lexicon = INPUT_LAYERS["words"]
    lstm = config.encoder.model_copy(update={"forget_bias": forget_bias})
    model = small_model(config.model_copy(update={"encoder": lstm}), lexicon=lexicon)
    tensors, ours = encoder_tensors(model), parameters(model)
    assert {name: tuple(t.shape) for name, t in tensors.items()} == encoder_shapes(lstm)
    i, j, f, o = ours["forward_lm.layers.1.bias"].chunk(4)
    assert torch.equal(tensors["forward_layer_1.state_linearity.bias"], torch.cat([i, f + forget_bias, j, o]))
    for name, value in encoder_parameters(lstm, tensors):
        assert torch.allclose(value, ours[name], atol=1e-6), name


def test_the_gate_of_a_highway_says_how_much_is_kept():
    model = model_of("alphabet")
    tensors, ours = token_tensors(model)[0], parameters(model)
    F = model.bilm.config.char_cnn.n_filters
    assert torch.equal(tensors["highways._layers.0.weight"][:F], ours["char_cnn.highways.0.transform.weight"])
    assert torch.equal(tensors["highways._layers.0.weight"][F:], -ours["char_cnn.highways.0.carry.weight"])


def test_a_table_may_have_more_rows_than_its_dictionary_asks_for():
    model = model_of("words")
    tensors, items, _ = token_tensors(model)
    name = "word_emb_layer.embedding.weight"
    more = tensors | {name: torch.cat([tensors[name], torch.zeros(4, 5)])}
    assert token_shapes(model.bilm.config, numbered(items), None, more)[name] == (len(items) + 4, 5)
    assert token_shapes(model.bilm.config, numbered(items), None, {})[name] == (len(items), 5)
