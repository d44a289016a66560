"""The neural cache beside a twin that sums over every pair of positions in NumPy."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from elmo.embed.language_model import neural_cache
from elmo.embed.language_model.neural_cache import CacheConfig, cache_probabilities, empty_cache, interpolated_nats

T, P, V = 23, 5, 7


@pytest.fixture
def text():
    torch.manual_seed(0)
    return torch.randn(T, P), torch.randint(V, (T,))


def twin(states, words, t, size, theta):
    """p_cache of all words after position t, float64 (V,): Grave et al. 2017, section 3."""
    h, x = states.double().numpy(), words.numpy()
    weights = np.zeros(V)
    for i in range(max(0, t - size), t):
        weights[x[i]] += np.exp(theta * (h[t] @ h[i]))
    return weights / weights.sum()


@pytest.mark.parametrize("lengths", [[T], [1] * T, [3, 11, 0, 9]])
@pytest.mark.parametrize("size", [1, 4, 100])
def test_each_word_has_the_probability_of_the_twin_however_the_text_is_cut(text, size, lengths):
    states, words = text
    thetas = [0.0, 0.3, 2.0]
    cache, found = empty_cache(states), []
    for some, own in zip(states.split(lengths), words.split(lengths), strict=True):
        probs, cache = cache_probabilities(cache, some, own, size, thetas)
        found.append(probs)
        assert len(cache.words) <= size  # what is kept is bounded
    found = np.concatenate(found, axis=1)
    assert np.isnan(found[:, 0]).all()
    for row, theta in zip(found, thetas, strict=True):
        expected = [twin(states, words, t, size, theta)[words[t]] for t in range(1, T)]
        assert np.allclose(row[1:], expected, atol=1e-6)
    assert torch.equal(cache.words, words[-size:])
    assert torch.equal(cache.states, states[-size:])


def test_a_long_piece_is_compared_in_parts(text, monkeypatch):
    states, words = text
    whole, _ = cache_probabilities(empty_cache(states), states, words, 6, [0.5])
    monkeypatch.setattr(neural_cache, "_SCORES", 100)
    parts, _ = cache_probabilities(empty_cache(states), states, words, 6, [0.5])
    assert np.allclose(parts, whole, atol=1e-12, equal_nan=True)


def test_the_probabilities_of_all_words_sum_to_one(text):
    states, words = text
    _, cache = cache_probabilities(empty_cache(states), states[:-1], words[:-1], 9, [0.7])
    vocabulary = torch.randn(V).double().log_softmax(0).numpy()
    cached = np.array(
        [cache_probabilities(cache, states[-1:], torch.tensor([w]), 9, [0.7])[0].item() for w in range(V)]
    )
    assert cached.sum() == pytest.approx(1)
    for weight in (0.0, 0.2, 0.9):
        mixed = np.exp(-interpolated_nats(-vocabulary, cached, weight))
        assert mixed.sum() == pytest.approx(1)
        assert np.allclose(mixed, (1 - weight) * np.exp(vocabulary) + weight * cached)


def test_an_empty_cache_leaves_the_vocabulary_alone():
    nats = np.array([1.5, 2.0])
    assert interpolated_nats(nats, np.array([np.nan, 0.0]), 0.25).tolist() == [1.5, pytest.approx(2.0 - np.log(0.75))]


@pytest.mark.parametrize("wrong", [{"size": 0}, {"theta": -1}, {"theta": float("nan")}, {"weight": 1}, {"lambda": 0.1}])
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValidationError):
        CacheConfig(**wrong)
