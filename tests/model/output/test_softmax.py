import numpy as np
import pytest
import torch

from elmo.errors import ConfigError
from elmo.model.output.softmax import (
    Negatives,
    Softmax,
    chunked_softmax_nats,
    draw_negatives,
    expected_count,
    full_softmax,
    log_uniform_probability,
    sampled_softmax,
)

N, P, V = 5, 7, 31


@pytest.fixture
def case():
    torch.manual_seed(0)
    x, weight, bias = (torch.randn(*s, dtype=torch.float64) for s in ((N, P), (V, P), (V,)))
    return x, weight, bias, torch.tensor([0, 3, 30, 3, 12])


def test_the_full_softmax_is_minus_the_log_of_the_probability(case):
    x, weight, bias, targets = case
    scores = x.numpy() @ weight.numpy().T + bias.numpy()
    probs = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert np.allclose(full_softmax(*case), -np.log(probs[np.arange(N), targets]), atol=1e-12)


@pytest.mark.parametrize("logits_bytes", [1, 8 * N * 4, 8 * N * V, 2**23])
def test_chunks_of_the_vocabulary_change_nothing(case, logits_bytes):
    assert torch.allclose(chunked_softmax_nats(*case, logits_bytes), full_softmax(*case), atol=1e-12, rtol=0)


def test_more_tokens_than_a_chunk_has_rows_keep_their_order():
    torch.manual_seed(0)
    x, weight, bias, targets = torch.randn(2500, P), torch.randn(V, P), torch.randn(V), torch.randint(V, (2500,))
    expected = full_softmax(x.double(), weight.double(), bias.double(), targets)
    assert torch.allclose(chunked_softmax_nats(x, weight, bias, targets, 2**14), expected, atol=1e-5, rtol=0)
    assert chunked_softmax_nats(x, weight, bias, targets).mean().item() == pytest.approx(
        expected.mean().item(), abs=1e-6
    )


def test_chunks_stand_logits_that_no_exp_can_hold(case):
    x, weight, bias, targets = case
    found = chunked_softmax_nats(x * 1e6, weight, bias, targets, 8 * N * 4)
    assert torch.allclose(found, full_softmax(x * 1e6, weight, bias, targets), rtol=1e-12)
    assert found.max() > 1e6


def test_chunks_keep_no_gradient():
    softmax = Softmax(V, P)
    args = (softmax.weight, softmax.bias, torch.zeros(N, dtype=torch.int64))
    assert not chunked_softmax_nats(torch.randn(N, P, requires_grad=True), *args).requires_grad
    assert chunked_softmax_nats(torch.zeros(0, P), *args[:2], args[2][:0]).shape == (0,)


def test_the_sampled_softmax_with_every_word_drawn_equals_the_full_one(case):
    x, _, _, targets = case
    softmax = Softmax(V, P).double()
    every = draw_negatives(V, V, np.random.default_rng(0))
    assert torch.allclose(softmax.sampled_loss(x, targets, every), softmax.loss(x, targets), atol=1e-9)


def test_the_sampled_softmax_agrees_with_a_slow_twin(case):
    x, weight, bias, targets = case
    negatives = Negatives(torch.tensor([3, 1, 0, 20]), torch.tensor([0.9, 0.99, 1.0, 0.2], dtype=torch.float64), 50)
    counts = expected_count(targets, V, 50)
    losses = sampled_softmax(x, weight, bias, targets, negatives, counts)
    for n in range(N):
        score = {int(targets[n]): float(x[n] @ weight[targets[n]] + bias[targets[n]] - counts[n].log())}
        for word, count in zip(negatives.ids.tolist(), negatives.expected_counts.tolist(), strict=True):
            score.setdefault(word, float(x[n] @ weight[word] + bias[word] - np.log(count)))  # own target: left out
        assert losses[n].item() == pytest.approx(
            np.log(sum(np.exp(list(score.values())))) - score[int(targets[n])], abs=1e-10
        )


def test_negatives_are_different_words_and_drawn_by_zipf():
    generator = np.random.default_rng(0)
    hits = np.zeros(1000)
    expected = np.zeros(1000)
    for _ in range(400):
        drawn = draw_negatives(1000, 60, generator)
        assert len(set(drawn.ids.tolist())) == 60
        hits[drawn.ids.numpy()] += 1
        expected += expected_count(torch.arange(1000), 1000, drawn.n_tries).numpy()
    for part in (slice(0, 1), slice(1, 5), slice(5, 50), slice(50, 300), slice(300, 1000)):
        assert hits[part].sum() == pytest.approx(expected[part].sum(), rel=0.1)


def test_the_log_uniform_probabilities_sum_to_one():
    assert log_uniform_probability(torch.arange(V), V).sum().item() == pytest.approx(1, abs=1e-12)


def test_more_negatives_than_words_are_refused():
    with pytest.raises(ConfigError, match="32 negative samples from 31 words"):
        draw_negatives(31, 32, np.random.default_rng(0))


def test_losses_have_the_gradients_of_finite_differences(case):
    x, weight, bias, targets = case
    every = [t.clone().requires_grad_() for t in (x, weight, bias)]
    negatives = draw_negatives(V, 9, np.random.default_rng(1))
    counts = expected_count(targets, V, negatives.n_tries)
    assert torch.autograd.gradcheck(lambda *p: full_softmax(*p, targets), every)
    assert torch.autograd.gradcheck(
        lambda *p: sampled_softmax(
            *p, targets, negatives._replace(expected_counts=negatives.expected_counts.double()), counts
        ),
        every,
    )
