"""The convolutions of `char_cnn.py` with a hand-written gradient, for training.

Autograd would keep the output of every filter at every position and spread the gradient of each maximum over all of them. Here
the positions are visited one after the other, all widths in one product, and only the position of each maximum is kept. On a GPU,
all positions of a width are one product. `char_cnn.convolve_characters` is the readable twin that both are tested against.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

from elmo.model.kernels.compiled import compiled_on
from elmo.model.kernels.products import product_with

_EXACT = 256  # positions that bfloat16 can count


class _MaxOverPositions(Function):
    @staticmethod
    def forward(
        ctx: Any, line: Tensor, weight: Tensor, size: int, reach: Sequence[int], precision: torch.dtype | None
    ) -> Tensor:
        low = precision if precision is not None and len(reach) <= _EXACT else line.dtype
        N, window = line.shape[0], weight.shape[1]
        text = functional.pad(
            line.to(low), (0, window - size)
        )  # the padding is read only by filters whose result is not used
        filters = product_with(weight.to(low), N)
        best = line.new_full((N, len(weight)), -torch.inf, dtype=low)
        where, higher = (
            torch.zeros_like(best),
            torch.empty_like(best),
        )  # 0 or 1 as a number: fast, where booleans are slow
        for position, n_filters in enumerate(reach):
            found = filters(text[:, position * size : position * size + window])[:, :n_filters]  # (N, F)
            so_far, best_position, is_higher = (x[:, :n_filters] for x in (best, where, higher))
            torch.gt(found, so_far, out=is_higher)
            torch.maximum(best_position, is_higher.mul_(position), out=best_position)  # positions only grow
            torch.maximum(found, so_far, out=so_far)
        ctx.save_for_backward(text, weight, where)
        ctx.size, ctx.reach, ctx.width = size, reach, line.shape[1]
        return best.to(line.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        text, weight, where = ctx.saved_tensors
        low, full, window = text.dtype, weight.dtype, weight.shape[1]
        of_best = gradients[0].to(low)
        of_text = text.new_zeros(text.shape, dtype=full)
        of_weight = weight.new_zeros(window, len(weight))
        filters = weight.to(low)
        of_found = torch.empty_like(of_best)
        for position in range(len(ctx.reach)):
            torch.eq(where, position, out=of_found).mul_(of_best)  # (N, F)
            columns = slice(position * ctx.size, position * ctx.size + window)
            of_weight += torch.mm(text[:, columns].t(), of_found)
            of_text[:, columns] += torch.mm(of_found, filters)
        return of_text[:, : ctx.width], of_weight.t(), None, None, None


class FilterStack(NamedTuple):
    """The filters of all widths as one matrix: narrow ones first, filled up with zeros to the widest."""

    rows: Tensor  # float (F, widest * E)
    order: list[int]  # index of the weight that each block of rows holds
    widths: list[int]  # in this order, as `numbers`
    numbers: list[int]  # filters of a width

    def reach(self, n_characters: int) -> list[int]:
        """How many filters fit at each position of a word: at the last positions only the narrower ones, a prefix."""
        fits = ((position, zip(self.numbers, self.widths, strict=True)) for position in range(n_characters))
        found = [sum(n for n, width in filters if position + width <= n_characters) for position, filters in fits]
        return [n for n in found if n]


def stack_filters(weights: Sequence[Tensor]) -> FilterStack:
    """Filters of some widths, one float (number, width, E) each."""
    order = sorted(range(len(weights)), key=lambda i: weights[i].shape[1])
    widths, E = [weights[i].shape[1] for i in order], weights[0].shape[2]
    rows = [functional.pad(weights[i].flatten(1), (0, (widths[-1] - weights[i].shape[1]) * E)) for i in order]
    return FilterStack(torch.cat(rows), order, widths, [weights[i].shape[0] for i in order])


def convolve_fast(
    embedded: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor], precision: torch.dtype | None
) -> Tensor:
    """The maxima over positions of `char_cnn.convolve_characters`, before the activation.

    Args:
        embedded: float (N, C, E), embedded characters.
        weights: one float (number, width, E) for each width of filter. biases: one float (number,) each.
        precision: of the products; None: that of `embedded`.
    Returns:
        float (N, F), filters in the order of `weights`.
    """
    N, C, E = embedded.shape
    stack = stack_filters(weights)
    best: Tensor = _MaxOverPositions.apply(embedded.reshape(N, C * E), stack.rows, E, stack.reach(C), precision)  # type: ignore[no-untyped-call]
    parts = dict(zip(stack.order, torch.split(best, stack.numbers, dim=1), strict=True))
    return torch.cat([parts[i] + biases[i] for i in range(len(weights))], dim=1)  # (N, F)


def scatter_to_maxima(of_best: Tensor, where: Tensor, n_positions: int) -> Tensor:
    """The gradient of a maximum over positions: float (N, F), int64 (N, F) -> float (N, n_positions, F)."""
    positions = torch.arange(n_positions, device=where.device)[None, :, None]
    return torch.where(positions == where[:, None], of_best[:, None], 0.0)


class _MaxAtOnce(Function):
    @staticmethod
    def forward(ctx: Any, text: Tensor, weight: Tensor) -> Tensor:
        N, C, E = text.shape
        width = weight.shape[1]
        windows = text.reshape(N, C * E).unfold(1, width * E, E)  # (N, C - width + 1, width * E)
        best, where = functional.linear(windows, weight.flatten(1)).max(dim=1)  # (N, F)
        ctx.save_for_backward(text, weight, where)
        return best

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        text, weight, where = ctx.saved_tensors
        N, C, E = text.shape
        width, n_positions = weight.shape[1], C - weight.shape[1] + 1
        of_positions = compiled_on(text.device, scatter_to_maxima, any_shape=True)(
            gradients[0], where, n_positions
        )  # (N, n_positions, F)
        flat = of_positions.view(N * n_positions, -1)
        windows = text.reshape(N, C * E).unfold(1, width * E, E).reshape(N * n_positions, width * E)
        of_weight = torch.mm(flat.t(), windows).view(weight.shape)
        of_windows = torch.mm(flat, weight.flatten(1)).view(N, n_positions, width, E)
        of_text = torch.zeros_like(text)
        for position in range(width):
            of_text[:, position : position + n_positions] += of_windows[:, :, position]
        return of_text, of_weight


def convolve_at_once(
    embedded: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor], precision: torch.dtype | None
) -> Tensor:
    """`convolve_fast` for a GPU: all positions of a width in one product."""
    low = precision or embedded.dtype
    text = embedded.to(low)
    best: list[Tensor] = [_MaxAtOnce.apply(text, weight.to(low)) for weight in weights]  # type: ignore[no-untyped-call]
    return torch.cat([x.to(embedded.dtype) + bias for x, bias in zip(best, biases, strict=True)], dim=1)  # (N, F)
