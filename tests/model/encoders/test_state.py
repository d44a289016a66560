"""What a biLM remembers: rows, names and copies, for any encoder."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from elmo.model.encoders.state import BiLMState


class Pair(NamedTuple):
    slow: Tensor  # (2, B, 3)
    fast: Tensor  # (2, B, 5, 7)


class Nothing(NamedTuple):
    """Of an encoder without memory."""


@pytest.fixture
def state():
    rng = torch.Generator().manual_seed(0)
    halves = [Pair(torch.rand(2, 4, 3, generator=rng) + 1, torch.rand(2, 4, 5, 7, generator=rng) + 1) for _ in "ab"]
    return BiLMState(*halves)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.tensors(), b.tensors(), strict=True))


def test_rows_come_in_the_order_asked_and_put_writes_them_back(state):
    some = state.rows([3, 1])
    assert torch.equal(some.backward.fast, state.backward.fast[:, [3, 1]])
    assert isinstance(some.forward, Pair)
    other = state.map(torch.zeros_like)
    other.put([3, 1], some)
    assert same(other.rows([1, 3]), state.rows(slice(1, 4, 2)))
    assert not any(t[:, [0, 2]].any() for t in other.tensors())


def test_rows_of_parts_joined_are_the_whole(state):
    assert same(BiLMState.concat([state.rows(slice(0, 1)), state.rows(slice(1, 4))]), state)
    assert state.n_rows == 4


def test_fresh_rows_are_zero_and_the_others_stay(state):
    fresh = state.fresh(torch.tensor([False, True, False, True]))
    assert not any(t[:, [1, 3]].any() for t in fresh.tensors())
    assert same(fresh.rows([0, 2]), state.rows([0, 2]))
    assert all((t > 0).all() for t in state.tensors())


def test_names_are_those_of_the_directions_and_of_the_encoder(state):
    named = state.named_tensors()
    assert list(named) == ["forward.slow", "forward.fast", "backward.slow", "backward.fast"]
    doubled = state.with_tensors({name: 2 * t for name, t in reversed(named.items())})
    assert same(doubled, state.map(lambda t: 2 * t))
    with pytest.raises(KeyError, match="backward"):
        state.with_tensors({name: t for name, t in named.items() if name != "backward.fast"})


def test_a_copy_has_memory_of_its_own_and_no_gradient_goes_through_a_cut(state):
    copy = state.clone()
    copy.copy_from(state.map(torch.zeros_like))
    assert all((t > 0).all() for t in state.tensors())
    grown = state.map(lambda t: t.clone().requires_grad_())
    assert not any(t.requires_grad for t in grown.detach().tensors())


def test_a_state_of_nothing_is_a_state_too():
    nothing = BiLMState(Nothing(), Nothing())
    assert nothing.named_tensors() == {}
    assert nothing.n_rows == 0
    both = BiLMState.concat([nothing.rows([0]), nothing.fresh(torch.tensor([True])).clone().detach()])
    assert both == nothing
    assert isinstance(both.forward, Nothing)
