"""The adaptive softmax against PyTorch's, and as what it claims to be: a distribution over all words."""

import math

import numpy as np
import pytest
import torch

from elmo.errors import ConfigError
from elmo.model.output.adaptive_softmax import AdaptiveSoftmax, cutoffs_by_coverage

N, P, V, CUTS = 40, 13, 23, [5, 11]


def layer_of(n_words=V, cutoffs=CUTS, scale=4.0):
    torch.manual_seed(0)
    layer = AdaptiveSoftmax(n_words, P, cutoffs)
    with torch.no_grad():
        for p in layer.parameters():
            p.mul_(scale)
    return layer


def torchs(layer):
    """The twin, with the same weights."""
    twin = torch.nn.AdaptiveLogSoftmaxWithLoss(P, V, CUTS, div_value=2.0, head_bias=True)
    with torch.no_grad():
        for p, own in zip(twin.parameters(), layer.parameters(), strict=True):
            p.copy_(own)
    return twin


def positions(n=N, n_words=V):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, P, generator=generator), torch.randint(n_words, (n,), generator=generator)


def test_losses_and_gradients_are_those_of_pytorch():
    layer = layer_of()
    twin = torchs(layer)
    x, targets = positions()
    assert {int(t >= 5) + int(t >= 11) for t in targets} == {0, 1, 2}
    weights = torch.rand(N)
    own, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    losses, expected = layer.loss(own, targets), -twin(other, targets).output
    assert torch.allclose(losses, expected, atol=1e-6, rtol=1e-6)
    for found in (losses, expected):
        (found * weights).sum().backward()
    for a, b in zip((own, *layer.parameters()), (other, *twin.parameters()), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-6, rtol=1e-5)


def test_it_begins_with_the_numbers_of_pytorch():
    torch.manual_seed(3)
    layer = AdaptiveSoftmax(V, P, CUTS)
    torch.manual_seed(3)
    twin = torch.nn.AdaptiveLogSoftmaxWithLoss(P, V, CUTS, div_value=2.0, head_bias=True)
    for a, b in zip(layer.parameters(), twin.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_probabilities_of_all_words_sum_to_one_and_are_what_the_losses_say():
    layer = layer_of()
    x, targets = positions()
    found = layer.log_probabilities(x)
    assert found.shape == (N, V)
    assert torch.allclose(found.exp().sum(dim=1), torch.ones(N), atol=1e-5)
    right = found.gather(1, targets[:, None])[:, 0]
    assert torch.allclose(layer.loss(x, targets), -right, atol=1e-5)
    assert not torch.allclose(found[0], found[1], atol=1e-2)


def test_the_figure_in_chunks_is_that_of_all_scores_at_once():
    layer = layer_of(5000, [2500, 2600])  # more words than a chunk in the head and in the last cluster
    x, targets = positions(1100, 5000)  # more positions than a chunk
    found = layer.nats(x, targets)
    assert found.dtype == torch.float64
    assert torch.allclose(found.float(), layer.loss(x, targets), atol=1e-5)


def test_before_anything_is_read_words_of_the_head_and_clusters_are_as_likely_as_they_are_frequent():
    log_probs = (1.0 / torch.arange(2, V + 2)).log().log_softmax(dim=0)
    layer = layer_of()
    layer.start_at(log_probs)
    found = layer.log_probabilities(torch.zeros(1, P))[0].exp()
    assert torch.allclose(found[:5], log_probs[:5].exp(), atol=1e-6)
    for part in (slice(5, 11), slice(11, 23)):
        assert found[part].sum().item() == pytest.approx(log_probs[part].exp().sum().item(), abs=1e-6)
        assert torch.allclose(found[part], found[part].mean(), atol=1e-6)


@pytest.mark.parametrize("n", [0, 3])
def test_each_weight_has_a_gradient_though_no_position_needs_its_cluster(n):
    layer = layer_of()
    x, _ = positions(n)
    layer.loss(x, torch.full((n,), 6)).sum().backward()  # a word of the first cluster
    names = {name for name, p in layer.named_parameters() if p.grad is not None and bool((p.grad != 0).any())}
    assert all(p.grad is not None for p in layer.parameters())
    head = {"head.weight", "head.bias"}
    assert names == (head | {"clusters.0.projection.weight", "clusters.0.words.weight"} if n else set())
    assert layer.nats(x, torch.full((n,), 6)).shape == (n,)


def test_products_in_bfloat16_lose_nearly_the_same_and_the_biases_stay_exact():
    layer = layer_of(scale=1.0)
    with torch.no_grad():
        layer.head.bias.copy_(-9.3 - 0.001 * torch.arange(7))
    x, targets = positions()
    exact, low = layer.loss(x, targets), layer.loss(x, targets, torch.bfloat16)
    assert low.dtype == torch.float32
    assert not torch.equal(low, exact)
    assert torch.allclose(low, exact, atol=0.03)
    nothing = torch.zeros_like(x)
    assert torch.equal(layer.loss(nothing, targets, torch.bfloat16), layer.loss(nothing, targets))


def test_the_cutoffs_cover_their_fractions():
    assert cutoffs_by_coverage(np.array([5.0, 3.0, 1.0, 0.6, 0.4])) == [2, 4]  # 80 % by two words, 96 % by four
    assert cutoffs_by_coverage(np.array([5.0, 2.9, 1.1, 0.6, 0.4])) == [3, 4]
    assert cutoffs_by_coverage(np.array([5.0, 2.9, 1.0, 0.6, 0.5])) == [3, 4]  # the last cluster is not empty
    assert cutoffs_by_coverage(np.array([1.0, 2.0, 3.0, 94.0])[::-1]) == [1, 2]


@pytest.mark.parametrize("counts", [[1.0], [1.0, 1.0], [99.0, 1.0, 1.0]])
def test_a_vocabulary_without_room_between_the_cuts_is_refused(counts):
    with pytest.raises(ConfigError, match=rf"with {len(counts)} words no word is left .*; use softmax=full"):
        cutoffs_by_coverage(np.array(counts))


def test_clusters_are_half_as_wide_as_what_comes_before_them():
    layer = AdaptiveSoftmax(100, 16, [10, 20, 40, 60, 80, 90])
    assert [cluster.words.in_features for cluster in layer.clusters] == [8, 4, 2, 1, 1, 1]
    assert math.prod(layer.head.weight.shape) == 16 * 16
    assert layer.n_words == 100
