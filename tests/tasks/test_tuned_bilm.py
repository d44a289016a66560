"""A biLM that learns with its task: its layers are the right ones, its gradient too, and its layers join in their order."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from conftest import INPUT_LAYERS, model_of, small_model
from elmo.embed.embedder import Elmo
from elmo.model.dropout import DropoutConfig
from elmo.model.kernels.products import known_precision
from elmo.tasks.batches import Words, make_batch
from elmo.tasks.config import ElmoConfig, InputConfig
from elmo.tasks.examples import Example, with_blanks
from elmo.tasks.tuned_bilm import TunedBiLM, to_be_tuned, trained_layers
from elmo.text.batches import encode_batch

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

SENTENCES = [["the", "river", "bank", "."], ["money"], ["the", "the", "日本", "river", "lends", "money", "unheard-of"]]
NONE = DropoutConfig()
SOME = DropoutConfig(layer_inputs=0.3, output=0.2, words=0.2, recurrent=0.2)


def gradients(bilm, layers):
    """Of a sum in which each number has a weight of its own."""
    bilm.zero_grad()
    weights = torch.from_numpy(np.random.default_rng(0).normal(size=layers.shape)).float()
    (layers * weights).sum().backward()
    return {name: p.grad.clone() for name, p in bilm.named_parameters()}


@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_without_dropout_they_are_the_layers_that_a_caller_gets(layer):
    model = model_of(layer)
    found = trained_layers(model.bilm, model.word_encoder, SENTENCES, NONE, [0])
    for row, expected in zip(found, Elmo(model).embed(SENTENCES, layers="all"), strict=True):
        n = expected.shape[1]
        assert np.allclose(row[:, :n].detach(), expected, atol=1e-5)
        assert (row[:, n:] == 0).all()


@pytest.mark.parametrize("layer", ["bytes", "alphabet, words"])
def test_their_gradient_is_that_of_the_readable_forward_pass(layer):
    model = model_of(layer, scale=1.0)
    fast = gradients(model.bilm, trained_layers(model.bilm, model.word_encoder, SENTENCES, NONE, [0]))
    given = encode_batch(SENTENCES, range(3), model.word_encoder)
    char_ids = torch.from_numpy(given.char_ids[given.word_at])
    every, _ = model.bilm(char_ids, torch.from_numpy(given.mask))
    inner = torch.from_numpy(given.mask)[:, None, 2:, None]
    slow = gradients(model.bilm, every[:, :, 1:-1] * inner)
    for name, expected in slow.items():
        assert torch.allclose(fast[name], expected, atol=1e-4, rtol=1e-3), name


def test_a_batch_that_is_too_large_is_read_in_parts_with_the_same_result():
    model = small_model(scale=1.0)
    results = []
    for most in (2**30, 1):
        layers = trained_layers(model.bilm, model.word_encoder, SENTENCES, SOME, [3], most)
        results.append((layers.detach(), gradients(model.bilm, layers)))
    (whole, whole_gradients), (parts, parts_gradients) = results
    assert torch.allclose(whole, parts, atol=1e-6)
    for name, expected in whole_gradients.items():
        assert torch.allclose(parts_gradients[name], expected, atol=1e-5), name


def test_products_in_bfloat16_give_nearly_the_same_layers_and_gradients():
    model = small_model(scale=1.0)
    full, low = (
        trained_layers(
            model.bilm, model.word_encoder, SENTENCES, NONE, [0], precision=known_precision(p, torch.device("cpu"))
        )
        for p in (None, torch.bfloat16)
    )
    assert torch.allclose(low, full, atol=0.05)
    assert torch.equal(low, full) == (known_precision(torch.bfloat16, torch.device("cpu")) is None)
    expected = gradients(model.bilm, full)
    for name, found in gradients(model.bilm, low).items():
        assert torch.nn.functional.cosine_similarity(found.flatten(), expected[name].flatten(), dim=0) > 0.99, name


def test_dropout_is_decided_by_its_seed_alone():
    model = small_model()
    one, same, other = (
        trained_layers(model.bilm, model.word_encoder, SENTENCES, SOME, seed) for seed in ([1], [1], [2])
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_neighbours_change_no_layer():
    model = small_model()
    together = trained_layers(model.bilm, model.word_encoder, SENTENCES, NONE, [0])
    for row, sentence in zip(together, SENTENCES, strict=True):
        (alone,) = trained_layers(model.bilm, model.word_encoder, [sentence], NONE, [0])
        assert torch.allclose(row[:, : len(sentence)], alone, atol=1e-5)


def of_words(words, other=None):
    text, tokens = with_blanks(words)
    return Example(tokens, [], text, 1, other)


def test_texts_that_are_alike_and_second_texts_have_their_layers():
    elmo = Elmo(small_model())
    tuned = TunedBiLM(elmo, ElmoConfig(fine_tune=True, bilm_dropout=NONE))
    firsts = [*SENTENCES, SENTENCES[1]]
    examples = [of_words(a, of_words(b)) for a, b in zip(firsts, [*SENTENCES[::-1], ["."]], strict=True)]
    config = InputConfig()
    batch = make_batch(examples, None, Words([]), config)
    pair = replace(batch, other=make_batch([e.other for e in examples], None, Words([]), config))
    seen, trained = tuned.look_at(pair), tuned.train_on(pair, [0])
    for found in (seen, seen.other, trained, trained.other):
        expected = elmo.embed([[t.text for t in e.tokens] for e in found.examples], layers="all")
        for row, own in zip(found.layers, expected, strict=True):
            assert np.allclose(row[:, : own.shape[1]].detach(), own, atol=1e-5)
        assert found.layers.shape[2] == found.mask.shape[1]


def test_layers_join_from_the_top_down_and_learn_slower_the_lower_they_stand():
    bilm = small_model().bilm
    tuned = TunedBiLM(Elmo(small_model()), ElmoConfig(fine_tune=True, discriminative=2.0, unfreeze=2))

    def learning(epoch):
        tuned.begin(epoch)
        return {name for name, p in tuned.bilm.named_parameters() if p.requires_grad}

    names = [name for name, _ in bilm.named_parameters()]
    top, first = ({n for n in names if f"layers.{i}." in n} for i in (1, 0))
    assert [learning(epoch) for epoch in (1, 2)] == [set(), set()]
    assert [learning(epoch) for epoch in (3, 4)] == [top, top]
    assert learning(5) == top | first
    assert learning(7) == set(names) == learning(99)
    assert [tuned.is_frozen(epoch) for epoch in (1, 2, 3)] == [True, True, False]
    number = {id(p): n for n, p in tuned.bilm.named_parameters()}
    rate_factor = {number[id(p)]: s for p, s in zip(tuned.parameters, tuned.rates, strict=True)}
    assert {n: s for n, s in rate_factor.items() if n in top} == dict.fromkeys(top, 1 / 2)
    assert {n: s for n, s in rate_factor.items() if n in first} == dict.fromkeys(first, 1 / 4)
    assert {s for n, s in rate_factor.items() if "char_cnn" in n} == {1 / 8}
    assert len(rate_factor) == len(names)


def test_all_layers_may_join_at_once():
    tuned = TunedBiLM(Elmo(small_model()), ElmoConfig(fine_tune=True, unfreeze=0))
    assert (tuned.is_frozen(1), tuned.n_still(1), tuned.n_still(0)) == (False, 0, len(tuned.parameters))


def test_what_is_tuned_is_a_copy_without_what_belongs_to_the_old_weights():
    model = small_model()
    before = {name: t.clone() for name, t in model.bilm.state_dict().items()}
    copy = to_be_tuned(Elmo(model))
    with torch.no_grad():
        for p in copy.bilm.parameters():
            p.zero_()
    assert all(torch.equal(t, before[name]) for name, t in model.bilm.state_dict().items())
    assert (copy.model.softmax, copy.model.warm, copy.model.config.n_words) == (None, None, None)
