"""The sampled softmax of `softmax.py` on the few rows that a step touches, with a hand-written gradient.

A step of 128 x 20 positions uses some ten thousand of perhaps a million rows. They are gathered once for both directions, and
only they have a gradient. The logits of a block of positions are computed, used and dropped while they are in the cache; the
probabilities are kept for the gradient, in the precision of the products. `softmax.sampled_softmax` is the
readable twin that it is tested against.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from elmo.model.kernels.compiled import compiled_on
from elmo.model.kernels.products import product_with

_ALIGNED = 8  # numbers
BLOCK_BYTES = 2**23  # of the logits of one block of positions, float32


def probs_and_losses(
    scores: Tensor, shifts: Tensor, right: Tensor, own_column: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Probabilities and losses of a block of positions from its logits, for a GPU, which compiles it to a few kernels.

    Args:
        scores: float (N, S), of the negatives without `shifts`: float (S,).
        right: float (N,), the target's own score. own_column: int64 (N, 1), the negative that is the target; -1: none.
    Returns:
        probability of each negative float (N, S) of the dtype of `scores`, of the target float (N,), and loss_nats float (N,).
    """
    wrong = scores.to(right.dtype) + shifts
    wrong = wrong.masked_fill(torch.arange(wrong.shape[1], device=wrong.device) == own_column, -torch.inf)
    highest = torch.maximum(wrong.amax(dim=1), right)
    wrong, own = (wrong - highest[:, None]).exp(), (right - highest).exp()
    total = wrong.sum(dim=1) + own
    return (wrong / total[:, None]).to(scores.dtype), own / total, total.log() + highest - right


class SampledTargets(NamedTuple):
    """Targets and negatives of the positions of one direction, as indices in the rows of the step, see `sampled_loss_fast`."""

    target_at: Tensor  # int64 (N,)
    negative_at: Tensor  # int64 (S,), all different
    target_log_counts: Tensor  # float (N,), log of the expected count of each target in the draw
    negative_log_counts: Tensor  # float (S,)


def _at_once(x: Tensor) -> bool:
    """Whether all positions form one block, as on a GPU."""
    return x.is_cuda


class _SampledLoss(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, rows: Tensor, biases: Tensor, what: SampledTargets, precision: torch.dtype | None
    ) -> Tensor:
        low = precision or x.dtype
        N, S = len(x), len(what.negative_at)
        target_rows = rows.index_select(0, what.target_at)  # (N, P)
        right = torch.linalg.vecdot(x, target_rows) + biases[what.target_at] - what.target_log_counts  # (N,)
        negative_rows = rows.index_select(0, what.negative_at).to(low)  # (S, P)
        shifts = biases[what.negative_at] - what.negative_log_counts  # (S,)
        column_of = what.target_at.new_full((len(rows),), -1)
        column_of[what.negative_at] = torch.arange(S, device=x.device)
        own_column = column_of[what.target_at][
            :, None
        ]  # (N, 1), the negative that is the position's own target; else -1
        block = max(1, min(N, BLOCK_BYTES // (4 * S)))
        score = product_with(negative_rows, block)
        low_x = x.to(low)
        if _at_once(x):
            found = compiled_on(x.device, probs_and_losses)(score(low_x), shifts, right, own_column)
            ctx.save_for_backward(low_x, x, rows, target_rows, negative_rows, *found[:2])
            ctx.what = what
            return found[2]
        probs = x.new_empty(N, S, dtype=low)  # probability of each negative
        target_prob, losses = torch.empty_like(right), torch.empty_like(right)
        for begin in range(0, N, block):
            part = slice(begin, min(N, begin + block))
            wrong = score(low_x[part]).to(x.dtype).add_(shifts)  # (block, S)
            column = own_column[part].clamp_min(0)
            wrong.scatter_(1, column, wrong.gather(1, column).masked_fill_(own_column[part] >= 0, -torch.inf))
            highest = torch.maximum(wrong.amax(dim=1), right[part])  # (block,)
            wrong.sub_(highest[:, None]).exp_()
            own = (right[part] - highest).exp_()
            total = wrong.sum(dim=1).add_(own)
            target_prob[part] = own / total
            losses[part] = total.log() + highest - right[part]
            probs[part] = wrong.div_(total[:, None])
        ctx.save_for_backward(low_x, x, rows, target_rows, negative_rows, probs, target_prob)
        ctx.what = what
        return losses

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        low_x, x, rows, target_rows, negative_rows, probs, target_prob = ctx.saved_tensors
        what: SampledTargets = ctx.what
        of_loss = gradients[0]  # (N,)
        of_right = (target_prob - 1.0) * of_loss  # (N,)
        of_x = torch.mm(probs, negative_rows).to(x.dtype).mul_(of_loss[:, None])
        of_x.addcmul_(of_right[:, None], target_rows)
        P = x.shape[1]
        scaled = low_x.new_zeros(len(x), P + _ALIGNED)  # a GPU is slow if rows are not aligned
        scaled[:, :P] = low_x * of_loss[:, None]
        scaled[:, P] = of_loss
        of_negatives = torch.mm(probs.t(), scaled).to(x.dtype)  # (S, P + 8), the bias after P numbers
        of_rows, of_biases = torch.zeros_like(rows), rows.new_zeros(len(rows))
        of_rows.index_add_(0, what.negative_at, of_negatives[:, :P]).index_add_(
            0, what.target_at, of_right[:, None] * x
        )
        of_biases.index_add_(0, what.negative_at, of_negatives[:, P]).index_add_(0, what.target_at, of_right)
        return of_x, of_rows, of_biases, None, None


def sampled_loss_fast(
    x: Tensor, rows: Tensor, biases: Tensor, what: SampledTargets, precision: torch.dtype | None = None
) -> Tensor:
    """`softmax.sampled_softmax` on gathered rows; differentiable once.

    Args:
        x: float (N, P). rows: float (U, P), the softmax's rows of the different words of the step. biases: float (U,).
        what: targets and negatives as indices in `rows`.
        precision: of matrix products; None: that of `x`.
    Returns:
        loss_nats: float (N,).
    """
    losses: Tensor = _SampledLoss.apply(x, rows, biases, what, precision)  # type: ignore[no-untyped-call]
    return losses
