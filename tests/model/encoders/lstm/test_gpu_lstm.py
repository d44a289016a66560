"""Both directions unrolled at once, against the readable layers, on the CPU and on a GPU."""

import numpy as np
import pytest
import torch

from conftest import SMALL
from elmo.model.bilm import BiLM
from elmo.model.dropout import Dropout, DropoutConfig
from elmo.model.encoders.context_encoder import TrainingPass
from elmo.model.encoders.lstm.gpu_lstm import read_window
from elmo.model.encoders.lstm.lstm import LSTMState
from elmo.model.encoders.state import BiLMState

B, T = 3, 5
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def small_bilm(device="cpu", **changes):
    lstm = SMALL.encoder.model_copy(update=changes)
    torch.manual_seed(1)
    return BiLM(SMALL.model_copy(update={"encoder": lstm})).double().to(device)


def random_inputs(bilm, scale=1.0):
    """Token layer and states of a window."""
    P, H, L = bilm.config.encoder.projection_size, bilm.config.encoder.cell_size, bilm.config.encoder.n_layers
    device = next(bilm.parameters()).device
    shapes = [(2, B, T, P), *2 * [(L, B, P), (L, B, H)]]
    return [scale * torch.randn(shape, dtype=torch.float64, device=device) for shape in shapes]


def by_layers(bilm, x, state, how):
    """The readable way: token by token, so that a state can be set to zero before each."""
    resets = torch.zeros(B, T, dtype=torch.bool, device=x.device) if how.resets is None else how.resets
    tops, after = [], []
    for lm, own, before in zip((bilm.forward_lm, bilm.backward_lm), x, state, strict=True):
        outputs, now = [], before
        for t in range(T):
            kept = ~resets[None, :, t, None]
            (*_, top), now = lm(own[:, t : t + 1], None, LSTMState(*(part * kept for part in now)))
            outputs.append(top)
        tops.append(torch.cat(outputs, dim=1))
        after.append(now)
    return torch.stack(tops), BiLMState(*after)


def fused(bilm, x, state, how):
    """Both directions at once: the top layer."""
    layers, after = read_window(bilm.forward_lm, bilm.backward_lm, x, state, how)
    return layers[-1], after


def values_and_gradients(bilm, inputs, read, how):
    bilm.zero_grad()
    x, *parts = (t.clone().requires_grad_() for t in inputs)
    tops, after = read(bilm, x, BiLMState(LSTMState(*parts[:2]), LSTMState(*parts[2:])), how)
    ends = [*after.forward, *after.backward]
    (tops.cos().sum() + sum((n * end).sin().sum() for n, end in enumerate(ends, start=1))).backward()
    parameters = [p.grad.clone() for lm in (bilm.forward_lm, bilm.backward_lm) for p in lm.parameters()]
    return [tops, *ends, x.grad, *(part.grad for part in parts), *parameters]


RESETS = [[True, False, False, True, False], [False, False, True, True, False], [False] * 5]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("resets", [None, RESETS], ids=["no resets", "resets"])
@pytest.mark.parametrize(
    "changes",
    [
        {"cell_clip": 0.3, "projection_clip": 0.1},
        {"cell_clip": None, "projection_clip": None},
        {"projected": False, "cell_size": SMALL.encoder.projection_size},
        {"skip_connections": False, "n_layers": 3},
    ],
    ids=str,
)
def test_both_directions_at_once_are_the_readable_layers(changes, resets, device):
    bilm = small_bilm(device, **changes)
    inputs = random_inputs(bilm, scale=2.0)
    how = TrainingPass(resets=None if resets is None else torch.tensor(resets, device=device))
    slow = values_and_gradients(bilm, inputs, by_layers, how)
    fast = values_and_gradients(bilm, inputs, fused, how)
    for a, b in zip(slow, fast, strict=True):
        assert torch.allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
def test_products_in_bfloat16_are_close(device):
    bilm = small_bilm(device).float()
    inputs = [t.float() for t in random_inputs(bilm)]
    slow = values_and_gradients(bilm, inputs, by_layers, TrainingPass())
    fast = values_and_gradients(bilm, inputs, fused, TrainingPass(precision=torch.bfloat16))
    for a, b in zip(slow, fast, strict=True):
        assert b.dtype == torch.float32
        assert (a - b).norm() < 0.03 * a.norm() + 1e-6


@pytest.mark.parametrize("device", DEVICES)
def test_dropout_drops_units_of_each_direction_and_position_on_its_own(device):
    bilm = small_bilm(device)
    x, *parts = random_inputs(bilm)
    state = BiLMState(LSTMState(*parts[:2]), LSTMState(*parts[2:]))

    def top(probability, seed=0):
        dropout = Dropout(DropoutConfig(output=probability), np.random.default_rng(seed), slice(0, B), B)
        return fused(bilm, x, state, TrainingPass(dropout))[0]

    whole, dropped = top(0.0), top(0.5)
    kept = dropped != 0
    assert torch.allclose(dropped[kept], 2 * whole[kept])
    assert 0.3 < kept.double().mean() < 0.7
    assert not torch.equal(kept[0], kept[1])
    assert torch.equal(dropped, top(0.5))
    assert not torch.equal(dropped, top(0.5, seed=1))
