"""The sampled softmax on gathered rows against its readable twin."""

import numpy as np
import pytest
import torch

from elmo.model.output import fast_softmax
from elmo.model.output.fast_softmax import SampledTargets, sampled_loss_fast
from elmo.model.output.softmax import draw_negatives, expected_count, full_softmax, sampled_softmax

N, P, V, S = 23, 7, 61, 19


def case(dtype=torch.float64):
    torch.manual_seed(0)
    x, weight, bias = (torch.randn(*s, dtype=dtype) for s in ((N, P), (V, P), (V,)))
    targets = torch.from_numpy(np.random.default_rng(1).zipf(1.5, N) % V)
    negatives = draw_negatives(V, S, np.random.default_rng(0))
    negatives = negatives._replace(expected_counts=negatives.expected_counts.to(dtype))
    assert len(set(targets.tolist()) & set(negatives.ids.tolist())) > 2, "some targets must be drawn as negatives too"
    return x, weight, bias, targets, negatives, expected_count(targets, V, negatives.n_tries).to(dtype)


def gathered(targets, negatives, counts):
    ids, where = torch.unique(torch.cat([targets, negatives.ids]), return_inverse=True)
    return ids, SampledTargets(where[:N], where[N:], counts.log(), negatives.expected_counts.log())


@pytest.mark.parametrize(("block_bytes", "at_once"), [(2**23, False), (4 * S * 5, False), (2**23, True)])
def test_losses_and_gradients_are_those_of_the_twin(monkeypatch, block_bytes, at_once):
    monkeypatch.setattr(fast_softmax, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(fast_softmax, "_at_once", lambda x: at_once)
    x, weight, bias, targets, negatives, counts = case()
    ids, what = gathered(targets, negatives, counts)
    importance = torch.randn(N, dtype=torch.float64)
    slow = [t.clone().requires_grad_() for t in (x, weight, bias)]
    losses = sampled_softmax(*slow, targets, negatives, counts)
    (losses * importance).sum().backward()
    fast = [t.clone().requires_grad_() for t in (x, weight[ids], bias[ids])]
    own = sampled_loss_fast(*fast, what)
    (own * importance).sum().backward()
    assert torch.allclose(own, losses, atol=1e-12)
    for a, b in zip((slow[0].grad, slow[1].grad[ids], slow[2].grad[ids]), (t.grad for t in fast), strict=True):
        assert torch.allclose(a, b, atol=1e-12)
    untouched = torch.ones(V, dtype=torch.bool)
    untouched[ids] = False
    assert not slow[1].grad[untouched].any()


def test_every_word_against_every_other_is_the_full_softmax():
    x, weight, bias, targets, _, _ = case()
    every = torch.arange(V)
    zeros = torch.zeros(V, dtype=torch.float64)
    what = SampledTargets(targets, every, zeros[:N], zeros)
    assert torch.allclose(sampled_loss_fast(x, weight, bias, what), full_softmax(x, weight, bias, targets), atol=1e-12)


def test_in_bfloat16_losses_and_gradients_are_close():
    x, weight, bias, targets, negatives, counts = case(torch.float32)
    ids, what = gathered(targets, negatives, counts)
    results = []
    for precision in (None, torch.bfloat16):
        inputs = [t.clone().requires_grad_() for t in (x, weight[ids], bias[ids])]
        losses = sampled_loss_fast(*inputs, what, precision)
        losses.sum().backward()
        results.append([losses.detach(), *(t.grad for t in inputs)])
    for exact, low in zip(*results, strict=True):
        assert low.dtype == torch.float32
        assert (exact - low).norm() < 0.02 * exact.norm()
