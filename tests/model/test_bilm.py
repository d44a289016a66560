"""Properties of the forward pass that hold whatever the weights are."""

from functools import partial

import numpy as np
import pytest
import torch

from conftest import SMALL, small_model
from elmo.errors import ShapeError
from elmo.model.bilm import reverse_rows
from elmo.model.encoders.context_encoder import TrainingPass
from elmo.model.encoders.lstm.lstm import LSTMLayer, LSTMState
from elmo.model.encoders.state import BiLMState
from elmo.text.words.characters import encode_words

B, T, C, P, H = 2, 5, 13, 7, 11
SENTENCES = [["the", "bank", "lends", "money", "."], ["a", "river"]]


@pytest.fixture
def bilm():
    return small_model(scale=2.0).bilm.double()


def spelled(sentences, width=T):
    ids = np.zeros((len(sentences), width, C), dtype=np.int64)
    mask = np.zeros((len(sentences), width), dtype=bool)
    for b, words in enumerate(sentences):
        ids[b, : len(words)], mask[b, : len(words)] = encode_words(words, C), True
    return torch.from_numpy(ids), torch.from_numpy(mask)


def test_shapes_are_what_the_docstring_says(bilm):
    layers, state = bilm(*spelled(SENTENCES))
    assert layers.shape == (B, 3, T, 2 * P)
    assert state.forward.hidden.shape == state.backward.hidden.shape == (2, B, P)
    assert state.forward.cell.shape == state.backward.cell.shape == (2, B, H)


def test_the_token_layer_is_there_twice_and_padding_is_zero(bilm):
    layers, _ = bilm(*spelled(SENTENCES))
    assert torch.equal(layers[:, 0, :, :P], layers[:, 0, :, P:])
    assert not layers[1, :, 2:].any()
    assert layers[1, :, :2].abs().min() > 0


def test_the_future_never_leaks_into_the_forward_lm_nor_the_past_into_the_backward_lm(bilm):
    words = SENTENCES[0]
    for changed in range(T):
        other = [*words[:changed], "river", *words[changed + 1 :]]
        (a, _), (b, _) = bilm(*spelled([words])), bilm(*spelled([other]))
        difference = (a - b).abs()[0, 1:].amax(dim=0)  # (T, D)
        assert not difference[:changed, :P].any()
        assert not difference[changed + 1 :, P:].any()
        assert difference[changed:, :P].amax(dim=1).min() > 1e-9
        assert difference[: changed + 1, P:].amax(dim=1).min() > 1e-9


def test_the_backward_lm_is_the_forward_lm_on_the_reversed_sentence(bilm):
    bilm.backward_lm.load_state_dict(bilm.forward_lm.state_dict())
    ids, mask = spelled(SENTENCES[:1])
    layers, state = bilm(ids, mask)
    reverse_indices, mirrored_state = bilm(ids.flip(1), mask)
    assert torch.allclose(layers[..., P:], reverse_indices[..., :P].flip(2), atol=1e-12)
    assert torch.allclose(state.backward.cell, mirrored_state.forward.cell, atol=1e-12)


def test_padding_and_batch_neighbours_change_nothing(bilm):
    together, state = bilm(*spelled(SENTENCES, width=T + 4))
    for b, words in enumerate(SENTENCES):
        alone, own = bilm(*spelled([words], width=len(words)))
        assert torch.allclose(together[b, :, : len(words)], alone[0], atol=1e-12)
        for half, own_half in zip(state, own, strict=True):
            assert torch.allclose(half.hidden[:, b], own_half.hidden[:, 0], atol=1e-12)
            assert torch.allclose(half.cell[:, b], own_half.cell[:, 0], atol=1e-12)


def test_a_sentence_in_two_halves_with_the_state_handed_over_equals_the_whole(bilm):
    ids, mask = spelled(SENTENCES[:1])
    whole, after = bilm(ids, mask)
    first, state = bilm(ids[:, :2], mask[:, :2])
    second, end = bilm(ids[:, 2:], mask[:, 2:], state)
    assert torch.allclose(torch.cat([first, second], 2)[..., :P], whole[..., :P], atol=1e-12)
    assert torch.allclose(end.forward.cell, after.forward.cell, atol=1e-12)


def test_no_input_is_changed(bilm):
    ids, mask = spelled(SENTENCES)
    _, state = bilm(ids, mask)
    before = [t.clone() for half in state for t in half]
    bilm(ids, mask, state)
    assert all(torch.equal(a, b) for a, b in zip(before, [t for half in state for t in half], strict=True))


def test_rows_are_reversed_within_their_own_length():
    x = torch.arange(10.0).reshape(2, 5, 1)
    mask = torch.tensor([[True] * 5, [True, True, False, False, False]])
    assert reverse_rows(x, mask)[..., 0].tolist() == [[4, 3, 2, 1, 0], [6, 5, 7, 8, 9]]


def test_what_does_not_fit_is_refused_with_both_shapes(bilm):
    ids, mask = spelled(SENTENCES)
    with pytest.raises(ShapeError, match=r"char_ids are \(2, 5, 13\), mask is \(2, 4\)"):
        bilm(ids, mask[:, :4])
    with pytest.raises(ShapeError, match="padding before a token"):
        bilm(ids, mask.flip(1))
    _, state = bilm(ids[:1], mask[:1])
    with pytest.raises(ShapeError, match=r"\(2, 1, 7\), \(2, 1, 11\).*expected \(\(2, 2, 7\), \(2, 2, 11\)\)"):
        bilm(ids, mask, state)
    with pytest.raises(ShapeError, match="2 characters per token, the widest filter needs 3"):
        bilm.char_cnn(ids[..., :2])


def test_padding_tokens_cannot_make_a_batch_of_nothing_fail(bilm):
    ids, mask = spelled([[], ["a"]], width=2)
    layers, state = bilm(ids, mask)
    assert not layers[0].any()
    assert not state.forward.cell[:, 0].any()


def test_gradients_agree_with_finite_differences():
    bilm = small_model(scale=1.0).bilm.double()
    ids, mask = spelled(SENTENCES)
    direction = torch.randn(B, 3, T, 2 * P, dtype=torch.float64)

    def value():
        return (bilm(ids, mask)[0] * direction).sum()

    value().backward()
    generator = torch.Generator().manual_seed(3)
    for name, p in bilm.named_parameters():
        flat, gradient = p.detach().view(-1), p.grad.view(-1)
        for i in torch.randint(0, p.numel(), (3,), generator=generator).tolist():
            if name == "char_cnn.embedding.weight" and i < 3:
                continue  # the row of padding tokens stays zero
            kept, step = flat[i].item(), 1e-6
            flat[i] = kept + step
            above = value().item()
            flat[i] = kept - step
            below = value().item()
            flat[i] = kept
            assert gradient[i].item() == pytest.approx((above - below) / (2 * step), abs=1e-6, rel=1e-5), name


def assert_same_values_and_gradients(layer, slow, fast, scale):
    """Two ways to unroll a layer over random inputs of a size."""
    sizes = ((B, T, P), (B, P), (B, layer.config.cell_size))
    inputs = [torch.randn(*size, dtype=torch.float64) * scale for size in sizes]
    results = []
    for unroll in (slow, fast):
        layer.zero_grad()
        x, hidden, cell = (t.clone().requires_grad_() for t in inputs)
        output, h, c = unroll(x, hidden=hidden, cell=cell)
        (output.cos().sum() + (2 * h).sin().sum() + c.square().sum()).backward()
        results.append([output, h, c, x.grad, hidden.grad, cell.grad, *(p.grad.clone() for p in layer.parameters())])
    for a, b in zip(*results, strict=True):
        assert torch.allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("projected", [True, False])
@pytest.mark.parametrize("clips", [(0.3, 0.1), (None, None)])
def test_the_fast_unrolled_layer_is_its_readable_twin(projected, clips):
    config = SMALL.encoder.model_copy(
        update={
            "projected": projected,
            "cell_size": H if projected else P,
            "cell_clip": clips[0],
            "projection_clip": clips[1],
        }
    )
    torch.manual_seed(1)
    layer = LSTMLayer(config).double()
    fast = partial(layer.unroll_fast, how=TrainingPass())
    assert_same_values_and_gradients(layer, partial(layer, mask=None), fast, scale=3)


@pytest.mark.parametrize("projected", [True, False])
def test_a_reset_inside_a_window_is_a_fresh_start_of_that_row(projected):
    config = SMALL.encoder.model_copy(update={"projected": projected, "cell_size": H if projected else P})
    torch.manual_seed(1)
    layer = LSTMLayer(config).double()
    resets = torch.tensor([[True, False, False, True, False], [False, False, True, True, False]])

    def step_by_step(x, hidden, cell):
        outputs = []
        for t in range(T):
            kept = ~resets[:, t, None]
            output, hidden, cell = layer(x[:, t : t + 1], None, hidden * kept, cell * kept)
            outputs.append(output)
        return torch.cat(outputs, dim=1), hidden, cell

    fast = partial(layer.unroll_fast, how=TrainingPass(resets=resets))
    assert_same_values_and_gradients(layer, step_by_step, fast, scale=1)


@pytest.mark.parametrize("clips", [(0.3, 0.1), (None, None)])
def test_products_in_bfloat16_are_close_to_the_twin(clips):
    config = SMALL.encoder.model_copy(update={"cell_clip": clips[0], "projection_clip": clips[1]})
    torch.manual_seed(1)
    layer = LSTMLayer(config)
    x, hidden, cell = torch.randn(B, T, P), torch.randn(B, P), torch.randn(B, H)
    results = []
    for unroll in (partial(layer, mask=None), partial(layer.unroll_fast, how=TrainingPass(precision=torch.bfloat16))):
        layer.zero_grad()
        output, h, c = unroll(x, hidden=hidden, cell=cell)
        output.square().sum().backward()
        results.append([output, h, c, *(p.grad.clone() for p in layer.parameters())])
    for slow, fast in zip(*results, strict=True):
        assert fast.dtype == torch.float32
        assert (slow - fast).norm() < 0.02 * slow.norm()


def test_the_state_is_a_value_of_named_parts():
    half = LSTMState(torch.zeros(2, 1, P), torch.zeros(2, 1, H))
    assert BiLMState(half, half)._fields == ("forward", "backward")
