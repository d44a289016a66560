"""The CRF equals a sum over all paths."""

import itertools

import numpy as np
import pytest
import torch

from elmo.tasks.data.tags import all_tags, allowed_transitions
from elmo.tasks.layers.crf import FORBIDDEN, Chain, LinearChainCRF, log_partition, marginals, path_score, viterbi

B, T, K = 4, 5, 3
LENGTHS = [5, 1, 3, 2]


def random_case(seed, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    emissions = 2 * torch.randn(B, T, K, generator=generator, dtype=dtype)
    shapes = [(K,), (K, K), (K,)]
    chain = Chain(*(torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes))
    mask = torch.arange(T) < torch.tensor(LENGTHS)[:, None]
    return emissions, chain, mask


def scores_of_all_paths(emissions, chain):
    """numpy (T, K) -> every path of tags with its score, by the formula."""
    start, transitions, end = (part.numpy() for part in chain)
    for path in itertools.product(range(emissions.shape[1]), repeat=len(emissions)):
        own = sum(emissions[t, k] for t, k in enumerate(path))
        steps = sum(transitions[a, b] for a, b in itertools.pairwise(path))
        yield path, start[path[0]] + own + steps + end[path[-1]]


@pytest.mark.parametrize("seed", range(5))
def test_partition_marginals_and_viterbi_are_those_of_all_paths(seed):
    emissions, chain, mask = random_case(seed)
    log_z, probs, best = log_partition(emissions, chain, mask), marginals(emissions, chain, mask), None
    best = viterbi(emissions, chain, mask)
    for b, n in enumerate(LENGTHS):
        paths, scores = zip(*scores_of_all_paths(emissions[b, :n].numpy(), chain), strict=True)
        z = np.logaddexp.reduce(scores)
        assert log_z[b].item() == pytest.approx(z, abs=1e-10)
        expected = np.zeros((T, K))
        for path, score in zip(paths, scores, strict=True):
            expected[np.arange(n), path] += np.exp(score - z)
        assert np.allclose(probs[b], expected, atol=1e-10)
        assert tuple(best[b]) == paths[int(np.argmax(scores))]


@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_the_partition_are_those_of_finite_differences(seed):
    emissions, chain, mask = random_case(seed)
    with torch.no_grad():
        chain.transitions[0, 1] = chain.start[2] = FORBIDDEN
    given = [x.requires_grad_() for x in (emissions, *chain)]
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)

    def weighted(emissions, *chain):
        return log_partition(emissions, Chain(*chain), mask) * weights

    assert torch.autograd.gradcheck(weighted, given)


@pytest.mark.parametrize("seed", range(3))
def test_the_score_of_a_path_is_the_formulas_and_padding_does_not_count(seed):
    emissions, chain, mask = random_case(seed)
    tags = torch.randint(K, (B, T), generator=torch.Generator().manual_seed(seed))
    found = path_score(emissions, tags, chain, mask)
    for b, n in enumerate(LENGTHS):
        expected = dict(scores_of_all_paths(emissions[b, :n].numpy(), chain))[tuple(tags[b, :n].tolist())]
        assert found[b].item() == pytest.approx(expected)
    emissions[~mask], tags[~mask] = 99.0, 0
    assert torch.equal(path_score(emissions, tags, chain, mask), found)


def test_of_all_paths_the_probabilities_are_one():
    emissions, chain, mask = random_case(7)
    crf = LinearChainCRF(K).double()
    with torch.no_grad():
        for own, part in zip((crf.start, crf.transitions, crf.end), chain, strict=True):
            own.copy_(part)
    one, whole = emissions[:1], mask[:1]
    paths = torch.tensor([*itertools.product(range(K), repeat=T)])
    nats = torch.stack([crf.loss_nats(one, path[None], whole) for path in paths])
    assert nats.neg().exp().sum().item() == pytest.approx(1)


def test_the_loss_is_the_mean_over_sentences_of_all_paths_less_the_gold_one():
    emissions, chain, mask = random_case(7)
    crf = LinearChainCRF(K).double()
    with torch.no_grad():
        for own, part in zip((crf.start, crf.transitions, crf.end), chain, strict=True):
            own.copy_(part)
    tags = torch.randint(K, (B, T), generator=torch.Generator().manual_seed(3))
    nats = []
    for b, n in enumerate(LENGTHS):
        scores = dict(scores_of_all_paths(emissions[b, :n].numpy(), chain))
        nats.append(np.logaddexp.reduce(list(scores.values())) - scores[tuple(tags[b, :n].tolist())])
    assert crf.loss_nats(emissions, tags, mask).item() == pytest.approx(np.mean(nats), abs=1e-10)


@pytest.mark.parametrize("scheme", ["bio", "iob1", "bioes", "bmes"])
def test_forbidden_tags_have_probability_zero_are_never_predicted_and_leave_gradients_finite(scheme):
    tags = all_tags(["x", "y"], scheme)
    may_start, may_follow, may_end = allowed_transitions(tags, scheme)
    crf = LinearChainCRF(len(tags), (may_start, may_follow, may_end))
    generator = torch.Generator().manual_seed(0)
    emissions = (9 * torch.randn(50, 6, len(tags), generator=generator)).requires_grad_()
    mask = torch.arange(6) < torch.randint(1, 7, (50, 1), generator=generator)
    for path in crf.decode(emissions, mask):
        assert may_start[path[0]]
        assert may_end[path[-1]]
        assert all(may_follow[a, b] for a, b in itertools.pairwise(path))
    probs = crf.marginals(emissions, mask)
    assert torch.all(probs[:, 0, ~may_start] == 0)
    assert torch.allclose(probs.sum(2)[mask], torch.ones(int(mask.sum())), atol=1e-4)
    crf.loss_nats(emissions, torch.zeros(50, 6, dtype=torch.int64), mask).backward()
    for parameter in (emissions, *crf.parameters()):
        assert parameter.grad.isfinite().all()
    assert set(crf.state_dict()) == {"start", "transitions", "end"}
    assert crf.chain.start[~may_start].eq(FORBIDDEN).all()


def test_viterbi_finds_the_most_probable_path_of_long_sentences():
    generator = torch.Generator().manual_seed(0)
    emissions = torch.randn(3, 200, 4, generator=generator)
    crf = LinearChainCRF(4)
    assert crf.decode(emissions, torch.ones(3, 200, dtype=torch.bool)) == emissions.argmax(2).tolist()  # no transitions
