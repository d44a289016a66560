import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from elmo.embed.token_cache import _WORD_BYTES, TokenCache, versions_of

ENTRY = 3 * 4 + _WORD_BYTES


def vectors_of(words):
    """Any vector that a word alone decides."""
    return torch.tensor([[len(w), hash(w) % 1000, 1.0] for w in words], dtype=torch.float32).reshape(-1, 3)


@given(
    st.lists(st.lists(st.sampled_from([f"w{i}" for i in range(12)]), max_size=8), max_size=20),
    st.integers(0, 6),
)
def test_every_word_has_its_own_vector_whatever_was_forgotten(calls, n_words):
    cache = TokenCache(3, torch.zeros(0), n_words * ENTRY)
    most = n_words
    for words in calls:
        most = max(most, len(set(words)))  # the words of a call are held in any case
        order = np.arange(len(words))[::-1].copy()
        assert torch.equal(cache.gather(words, order, vectors_of).flip(0), vectors_of(words))
        assert len(cache) <= len(cache._table) <= most


def test_a_word_is_spelled_once_while_it_is_held():
    spelled = []

    def spell(words):
        spelled.append(words)
        return vectors_of(words)

    cache = TokenCache(3, torch.zeros(0), 4 * ENTRY)
    for words in (["a", "b", "a"], ["b", "c"], ["d"], ["a", "e"], ["e", "b"]):
        cache.gather(words, np.arange(len(words)), spell)
    assert spelled == [["a", "b"], ["c"], ["d"], ["e"], ["b"]]  # full at "e": all but "a" are forgotten


def test_what_is_gathered_is_the_callers_own():
    cache = TokenCache(3, torch.zeros(0), 4 * ENTRY)
    cache.gather(["a"], np.arange(1), vectors_of).zero_()
    assert torch.equal(cache.gather(["a"], np.arange(1), vectors_of), vectors_of(["a"]))


def test_a_forgotten_word_is_spelled_again():
    cache = TokenCache(3, torch.zeros(0), 4 * ENTRY)
    cache.gather(["a"], np.arange(1), vectors_of)
    cache.forget()
    assert len(cache) == 0
    assert torch.equal(cache.gather(["a"], np.arange(1), lambda words: 2 * vectors_of(words)), 2 * vectors_of(["a"]))


def test_a_cache_that_fails_to_spell_stays_as_it_was():
    cache = TokenCache(3, torch.zeros(0), 4 * ENTRY)
    cache.gather(["a"], np.arange(1), vectors_of)
    with pytest.raises(ZeroDivisionError):
        cache.gather(["b"], np.arange(1), lambda words: 1 / 0)
    assert torch.equal(copy.deepcopy(cache).gather(["a", "b"], np.arange(2), vectors_of), vectors_of(["a", "b"]))


@pytest.mark.parametrize("write", [lambda p: p.add_(1), lambda p: p.copy_(torch.zeros(3)), lambda p: p.zero_()])
def test_a_parameter_that_is_written_to_has_another_version(write):
    parameters = [torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(2))]
    before = versions_of(parameters)
    assert versions_of(parameters) == before
    with torch.no_grad():
        write(parameters[0])
    assert versions_of(parameters) != before
