"""The LSTM of the tasks is PyTorch's over packed rows; its dropout drops the given fraction."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from elmo.tasks.layers.bilstm import BiLSTM
from elmo.tasks.layers.unit_dropout import UnitDropout

F, H, LENGTHS = 5, 4, [7, 1, 3, 7, 6]


def packed_twin(ours, n_layers):
    twin = nn.LSTM(F, H, n_layers, bidirectional=True, batch_first=True)
    for layer in range(n_layers):
        for halves, end in ((ours.forwards, ""), (ours.backwards, "_reverse")):
            for name, weight in halves[layer].named_parameters():
                getattr(twin, name.replace("l0", f"l{layer}") + end).data = weight.data
    return twin


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_outputs_and_gradients_are_those_of_packed_rows(n_layers, dtype, near):
    torch.manual_seed(n_layers)
    ours = BiLSTM(F, H, n_layers).to(dtype)
    twin = packed_twin(ours, n_layers)
    x = torch.randn(len(LENGTHS), 9, F, dtype=dtype)  # two columns that no text reaches
    mask = torch.arange(9) < torch.tensor(LENGTHS)[:, None]
    x[~mask] = 1e6
    a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
    found = ours(a, mask)
    packed = pack_padded_sequence(b, mask.sum(dim=1), batch_first=True, enforce_sorted=False)
    expected = pad_packed_sequence(twin(packed)[0], batch_first=True, total_length=9)[0]
    assert torch.allclose(found, expected, atol=near)
    weights = torch.randn_like(found)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.allclose(a.grad, b.grad, atol=10 * near)
    for layer in range(n_layers):
        for halves, end in ((ours.forwards, ""), (ours.backwards, "_reverse")):
            for name, weight in halves[layer].named_parameters():
                theirs = getattr(twin, name.replace("l0", f"l{layer}") + end).grad
                assert torch.allclose(weight.grad, theirs, atol=10 * near), name


def test_dropout_drops_its_fraction_scales_the_rest_and_follows_the_seed():
    dropout, x = UnitDropout(0.3), torch.ones(200, 500)
    torch.manual_seed(5)
    first, second = dropout(x), dropout(x)
    torch.manual_seed(5)
    assert torch.equal(dropout(x), first)
    assert not torch.equal(first, second)
    assert sorted(first.unique().tolist()) == pytest.approx([0.0, 1 / 0.7], rel=1e-4)
    assert (first == 0).float().mean().item() == pytest.approx(0.3, abs=0.006)  # four deviations
    assert first.mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(dropout.eval()(x), x)
    assert torch.equal(UnitDropout(0.0)(x), x)


def test_dropout_hands_back_the_gradient_of_what_stays():
    x = torch.ones(50, 50, dtype=torch.float64, requires_grad=True)
    y = UnitDropout(0.5)(x)
    y.sum().backward()
    assert y.dtype == torch.float64
    assert torch.equal(x.grad, y.detach())
