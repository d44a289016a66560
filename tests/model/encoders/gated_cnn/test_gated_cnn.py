"""The gated CNN: its formulas, its gradient, and what a token must not see."""

import numpy as np
import pytest
import torch

from conftest import SMALL
from elmo.errors import ShapeError
from elmo.model.bilm import BiLM
from elmo.model.encoders.context_encoder import TrainingPass
from elmo.model.encoders.gated_cnn.gated_cnn import GatedCNN, GatedLayer, NoState, causal_windows
from elmo.model.encoders.gated_cnn.settings import GatedCNNConfig
from elmo.model.encoders.lstm.lstm import LSTMState
from twins.gated_cnn import bilm_of

B, T, P, C, K, L = 2, 6, 7, 5, 3, 2
CONFIG = GatedCNNConfig(n_layers=L, channels=C, kernel_width=K, projection_size=P)
MASK = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])


def double_bilm():
    """A biLM in float64 whose gates are not all alike."""
    cnn = SMALL.char_cnn.model_copy(update={"projected": True})
    torch.manual_seed(0)
    bilm = BiLM(SMALL.model_copy(update={"char_cnn": cnn, "encoder": CONFIG})).double()
    with torch.no_grad():
        for p in (*bilm.forward_lm.parameters(), *bilm.backward_lm.parameters()):
            p.copy_(torch.randn_like(p))
    return bilm


def tokens_of(seed=1, rows=B):
    return torch.randn(rows, T, P, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def weights_of(lm):
    return [tuple(p.detach().numpy() for p in (layer.kernel, layer.bias, layer.projection)) for layer in lm.layers]


@torch.no_grad()
def test_layers_are_those_of_the_formulas():
    bilm, tokens = double_bilm(), tokens_of()
    layers, state = bilm.contextualise(tokens, MASK)
    for row, n in enumerate([6, 4]):
        expected = bilm_of(tokens[row, :n].numpy(), weights_of(bilm.forward_lm), weights_of(bilm.backward_lm))
        np.testing.assert_allclose(layers[row, :, :n].numpy(), expected, atol=1e-12)
    assert not layers[1, :, 4:].any()
    assert state.n_rows == 0
    assert isinstance(state.forward, NoState)


@pytest.mark.parametrize("resets", [None, [[False, False, True, False, True, False], [False] * 6]])
def test_gradients_are_those_of_finite_differences(resets):
    torch.manual_seed(3)
    layer = GatedLayer(CONFIG).double()
    where = None if resets is None else torch.tensor(resets)

    def run(x, kernel, bias, projection):
        named = {"kernel": kernel, "bias": bias, "projection": projection}
        return torch.func.functional_call(layer, named, (x, where, None))

    parts = [p.detach().requires_grad_() for p in (layer.kernel, layer.bias, layer.projection)]
    assert torch.autograd.gradcheck(run, (tokens_of().requires_grad_(), *parts))


@torch.no_grad()
@pytest.mark.parametrize("at", [0, 2, 5])
def test_the_future_never_reaches_the_forward_half_nor_the_past_the_backward_half(at):
    bilm, tokens = double_bilm(), tokens_of()
    other = tokens.clone()
    other[0, at] += 1.0
    before, after = (bilm.contextualise(x, MASK)[0][0] for x in (tokens, other))  # (L, T, D)
    assert torch.equal(before[:, :at, :P], after[:, :at, :P])
    assert torch.equal(before[:, at + 1 :, P:], after[:, at + 1 :, P:])
    reach = L * (K - 1)
    assert not torch.equal(before[-1, min(at + reach, T - 1), :P], after[-1, min(at + reach, T - 1), :P])
    assert torch.equal(before[-1, at + reach + 1 :, :P], after[-1, at + reach + 1 :, :P])


@torch.no_grad()
def test_padding_and_neighbours_never_change_a_vector():
    bilm, tokens = double_bilm(), tokens_of()
    layers, _ = bilm.contextualise(tokens, MASK)
    alone, _ = bilm.contextualise(tokens[1:, :4], MASK[1:, :4])
    torch.testing.assert_close(layers[1, :, :4], alone[0], atol=1e-12, rtol=0)
    spoiled = torch.where(MASK.unsqueeze(2), tokens, 1e6)
    torch.testing.assert_close(bilm.contextualise(spoiled, MASK)[0], layers, atol=1e-12, rtol=0)


@torch.no_grad()
def test_a_token_after_a_reset_reads_as_if_the_text_began_there():
    lm, tokens = double_bilm().forward_lm, tokens_of()
    resets = torch.zeros(B, T, dtype=torch.bool)
    resets[0, 2] = resets[0, 4] = True
    outputs, _ = lm(tokens, None, None, TrainingPass(resets=resets))
    for begin, end in ((0, 2), (2, 4), (4, 6)):
        own, _ = lm(tokens[:1, begin:end])
        for whole, part in zip(outputs, own, strict=True):
            torch.testing.assert_close(whole[:1, begin:end], part, atol=1e-12, rtol=0)
    without, _ = lm(tokens)
    assert torch.equal(outputs[-1][1], without[-1][1])
    assert not torch.allclose(outputs[-1][0], without[-1][0])


def test_windows_end_with_the_token_itself():
    x = torch.arange(1.0, 5.0).view(1, 4, 1)
    windows = causal_windows(x, 3, torch.tensor([[False, False, True, False]]))
    assert windows[0, :, :, 0].tolist() == [[0, 0, 1], [0, 1, 2], [0, 0, 3], [0, 3, 4]]


def test_a_state_of_another_encoder_is_refused():
    with pytest.raises(ShapeError, match="a gated CNN has no state"):
        GatedCNN(CONFIG)(torch.zeros(1, 2, P), None, LSTMState(torch.zeros(2, 1, P), torch.zeros(2, 1, P)))


@torch.no_grad()
def test_layers_begin_with_numbers_of_like_size():
    torch.manual_seed(0)
    lm = GatedCNN(GatedCNNConfig(n_layers=8, channels=64, kernel_width=4, projection_size=32))
    outputs, _ = lm(torch.randn(8, 50, 32))
    assert 1.0 < float(outputs[-1].std()) < 2.5


@torch.no_grad()
def test_training_in_bfloat16_is_near():
    lm, tokens = double_bilm().float().forward_lm, tokens_of().float()
    exact, near = (lm(tokens, None, None, TrainingPass(precision=p))[0][-1] for p in (None, torch.bfloat16))
    assert 0 < float((exact - near).abs().max()) < 0.05 * float(exact.abs().max())
