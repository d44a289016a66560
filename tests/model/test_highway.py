"""Highway layers beside the formula, unit by unit."""

import numpy as np
import pytest
import torch

from elmo.model.highway import Highway, highway

N, F = 5, 3


def test_a_layer_is_the_formula():
    rng = np.random.default_rng(0)
    x, wc, bc, wt, bt = rng.normal(size=(N, F)), *(rng.normal(size=s) for s in ((F, F), F, (F, F), F))
    expected = np.empty((N, F))
    for n in range(N):
        for k in range(F):
            gate = 1 / (1 + np.exp(-(wc[k] @ x[n] + bc[k])))
            changed = max(0.0, wt[k] @ x[n] + bt[k])
            expected[n, k] = gate * changed + (1 - gate) * x[n, k]
    found = highway(*map(torch.from_numpy, (x, wc, bc, wt, bt)))
    assert np.allclose(found, expected, atol=1e-12)


def test_a_closed_gate_hands_on_and_an_open_one_transforms():
    torch.manual_seed(0)
    layer, x = Highway(F), torch.randn(N, F)
    with torch.no_grad():
        layer.carry.bias.fill_(-100)
        assert torch.equal(layer(x), x)
        layer.carry.bias.fill_(100)
        assert torch.allclose(layer(x), torch.relu(layer.transform(x)))


def test_a_new_layer_is_close_to_the_identity():
    torch.manual_seed(0)
    layer = Highway(64)
    assert torch.equal(layer.carry.bias, torch.full((64,), -2.0))
    assert torch.equal(layer(torch.zeros(1, 64)).detach(), torch.zeros(1, 64))
    x = torch.randn(100, 64)
    assert float(torch.corrcoef(torch.stack([x.flatten(), layer(x).detach().flatten()]))[0, 1]) > 0.9


@pytest.mark.parametrize("precision", [None, torch.float32, torch.bfloat16])
def test_a_precision_of_the_products_keeps_the_type_of_the_result(precision):
    torch.manual_seed(0)
    layer, x = Highway(F), torch.randn(N, F)
    found = layer(x, precision)
    assert found.dtype == torch.float32
    assert torch.allclose(found, layer(x), atol=0.05)
