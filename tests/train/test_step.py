"""One update: schedules, clipping, optimizers on whole gradients and on rows."""

import math

import numpy as np
import pytest
import torch

from elmo.embed.token_cache import versions_of
from elmo.errors import CheckpointError
from elmo.train.config import OptimizerConfig
from elmo.train.optimizers import WeightUpdate
from elmo.train.step import learning_rate_at, take_step

V, P = 6, 3
NAMES = ["adagrad", "adam", "adamw", "sgd"]


def weights():
    torch.manual_seed(0)
    return torch.nn.Parameter(torch.randn(4, 5)), torch.nn.Parameter(torch.randn(V, P))


def give(dense, rows, seed):
    """Random gradients: whole of one weight, of some rows of the other."""
    generator = torch.Generator().manual_seed(seed)
    dense.grad = torch.randn(dense.shape, generator=generator)
    ids = torch.randperm(V, generator=generator)[:3].sort()[0]
    values = torch.randn(3, P, generator=generator)
    rows.grad = torch.sparse_coo_tensor(ids[None], values, (V, P), is_coalesced=True, check_invariants=True)
    return ids, values


def test_the_learning_rate_rises_and_falls_in_straight_lines():
    config = OptimizerConfig(learning_rate=1.0, warmup_steps=4, final_share=0.1)
    rates = [learning_rate_at(step, 14, config) for step in range(15)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[9] == pytest.approx(0.55)
    assert rates[14] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("schedule", "halfway", "end"),
    [("cosine", 0.55, 0.1), ("constant", 1.0, 1.0), ("inverse_sqrt", (4 / 9) ** 0.5, (4 / 14) ** 0.5)],
)
def test_other_schedules_are_as_their_names_say(schedule, halfway, end):
    config = OptimizerConfig(learning_rate=1.0, warmup_steps=4, final_share=0.1, schedule=schedule)
    assert learning_rate_at(2, 14, config) == pytest.approx(0.6)
    assert learning_rate_at(9, 14, config) == pytest.approx(halfway)
    assert learning_rate_at(14, 14, config) == pytest.approx(end)


def test_adagrad_is_tensorflows_on_whole_gradients_and_on_rows():
    dense, rows = weights()
    update = WeightUpdate([dense], [rows], OptimizerConfig(name="adagrad", learning_rate=0.2))
    expected = [dense.detach().numpy().copy(), rows.detach().numpy().copy()]
    accumulated = [np.ones((4, 5)), np.ones((V, P))]
    for step in range(3):
        ids, values = give(dense, rows, step)
        gradient = dense.grad.numpy().copy()
        accumulated[0] += gradient**2
        expected[0] -= 0.2 * gradient / np.sqrt(accumulated[0])
        accumulated[1][ids] += values.numpy() ** 2
        expected[1][ids] -= 0.2 * values.numpy() / np.sqrt(accumulated[1][ids])
        take_step(update, 0.2, clip_norm=1e9)
    assert np.allclose(dense.detach(), expected[0], atol=1e-6)
    assert np.allclose(rows.detach(), expected[1], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_rows_without_a_gradient_stay_and_with_one_move(name):
    dense, rows = weights()
    before = rows.detach().clone()
    update = WeightUpdate([dense], [rows], OptimizerConfig(name=name))
    ids, _ = give(dense, rows, 1)
    take_step(update, 0.1, 1e9)
    moved = (rows.detach() != before).any(dim=1)
    assert moved.tolist() == [i in ids.tolist() for i in range(V)]
    assert dense.grad is None
    assert rows.grad is None


def test_a_gradient_is_clipped_by_its_whole_norm_rows_included():
    a, rows = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(V, 1))
    update = WeightUpdate([a], [rows], OptimizerConfig(name="sgd"))
    a.grad = torch.tensor([3.0])
    rows.grad = torch.sparse_coo_tensor([[2]], [[4.0]], (V, 1), is_coalesced=True, check_invariants=True)
    assert take_step(update, 1.0, clip_norm=1.0) == pytest.approx(5)
    assert (a.item(), rows[2].item()) == pytest.approx((-0.6, -0.8), abs=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["dense", "rows"])
def test_a_gradient_that_is_not_finite_moves_nothing(bad, where):
    dense, rows = weights()
    before = [dense.detach().clone(), rows.detach().clone()]
    update = WeightUpdate([dense], [rows], OptimizerConfig())
    give(dense, rows, 1)
    (dense.grad if where == "dense" else rows.grad._values())[0, 0] = bad
    assert not math.isfinite(take_step(update, 0.1, 1.0))
    assert torch.equal(dense, before[0])
    assert torch.equal(rows, before[1])
    assert not update.moments() or all(m.isfinite().all() for m in update.moments().values())


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("name", NAMES)
def test_moments_kept_and_given_back_go_on_bit_for_bit(name, momentum):
    config = OptimizerConfig(name=name, momentum=momentum, weight_decay=0.01)
    results = []
    for broken in (False, True):
        dense, rows = weights()
        update = WeightUpdate([dense], [rows], config)
        for step in range(6):
            if broken and step == 3:
                kept = {key: value.clone() for key, value in update.moments().items()}
                update = WeightUpdate([dense], [rows], config)
                update.set_moments(kept, moved=True)
            give(dense, rows, step)
            take_step(update, 0.05, 1.0)
        results.append((dense.detach(), rows.detach()))
    for whole, broken in zip(*results, strict=True):
        assert torch.equal(whole, broken)


@pytest.mark.parametrize("other", [{"name": "adam"}, {"name": "sgd"}])
def test_moments_of_another_optimizer_are_refused(other):
    dense, rows = weights()
    update = WeightUpdate([dense], [rows], OptimizerConfig(name="adagrad"))
    give(dense, rows, 0)
    take_step(update, 0.1, 1.0)
    with pytest.raises(CheckpointError, match="it has"):
        WeightUpdate([dense], [rows], OptimizerConfig(**other)).set_moments(update.moments(), moved=True)
    wider = torch.nn.Parameter(torch.zeros(4, 6))
    with pytest.raises(CheckpointError, match=r"sum of weight 0 is \(4, 5\), expected \(4, 6\)"):
        WeightUpdate([wider], [rows], OptimizerConfig(name="adagrad")).set_moments(update.moments(), moved=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_can_be_seen_by_what_was_computed_from_the_weights(name):
    dense, rows = weights()
    update = WeightUpdate([dense], [rows], OptimizerConfig(name=name))
    before = versions_of([dense, rows])
    give(dense, rows, 0)
    take_step(update, 0.1, 1.0)
    assert all(new != old for new, old in zip(versions_of([dense, rows]), before, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_each_weight_moves_with_its_factor_of_the_learning_rate(name):
    moved = []
    for rate_factors in ([1.0, 1.0, 1.0], [1.0, 1.0, 0.25]):
        own = [torch.nn.Parameter(torch.full((n,), 0.5)) for n in (2, 3, 4)]
        update = WeightUpdate(own, [], OptimizerConfig(name=name), rate_factors)
        for p in own:
            p.grad = torch.ones_like(p)
        take_step(update, 0.1, 1e9)
        moved.append([float((0.5 - p.detach()).mean()) for p in own])
    assert moved[1] == pytest.approx([*moved[0][:2], moved[0][2] / 4], rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_moments_of_weights_that_have_not_moved_yet_need_not_be_there(name):
    def fresh():
        own = [torch.nn.Parameter(torch.ones(n)) for n in (2, 3)]
        return own, WeightUpdate(own, [], OptimizerConfig(name=name), [1.0, 0.5])

    own, update = fresh()
    own[0].grad = torch.ones(2)
    take_step(update, 0.1, 1.0)
    _, other = fresh()
    other.set_moments(update.moments(), True, n_still=1)
    if name not in ("adagrad", "sgd"):  # which keep something of every weight, or nothing
        with pytest.raises(CheckpointError, match="of weight 1"):
            fresh()[1].set_moments(update.moments(), True)
