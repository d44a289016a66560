"""The unrolled LSTM layer of `lstm.py` with a hand-written gradient, for training on windows without padding.

Autograd keeps some twenty small tensors a step and adds up the weight gradients step by step. Here a step keeps four, and
each weight gradient is one matrix product over all steps. tanh(x) is computed as 2 sigmoid(2x) - 1, which is three times as
fast on a CPU (error 2e-7). Matrix products may run in bfloat16; the cell, all sums and all gradients of weights stay in the
dtype of the parameters. `lstm.LSTMLayer` is the readable twin that it is tested against.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from elmo.model.kernels.products import product_with, sum_with


class Unrolling(NamedTuple):
    """The arguments of `unroll_layer` that have no gradient."""

    forget_bias: float
    cell_clip: float | None
    projection_clip: float | None
    precision: torch.dtype | None  # of matrix products; None: that of the weights
    resets: Tensor | None = None  # bool (B, T): the state is zero before this token

    def low(self, weight: Tensor) -> torch.dtype:
        """The dtype of matrix products."""
        return self.precision or weight.dtype

    def keep(self, dtype: torch.dtype) -> Tensor | None:
        """Float (T, B, 1), 0 where the state is zero before a token, else 1; None: it never is."""
        return None if self.resets is None else (~self.resets).t().unsqueeze(2).to(dtype)


def under_one_sigmoid(bias: Tensor, forget_bias: float) -> tuple[Tensor, Tensor]:
    """What makes block j of the gates 2j, so that one sigmoid serves all four: tanh(j) = 2 sigmoid(2j) - 1.

    Args:
        bias: float (4H,), blocks i, j, f, o.
    Returns:
        float (4H, 1), what to multiply the rows of the weights by; float (4H,), the bias so multiplied, with the forget bias.
    """
    scale = bias.new_ones(4, 1)
    scale[1] = 2.0
    shift = bias.view(4, -1) * scale
    shift[2] += forget_bias
    return scale.repeat_interleave(shift.shape[1], dim=0), shift.flatten()


class _Unrolled(Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        input_weight: Tensor,
        hidden_weight: Tensor,
        bias: Tensor,
        projection: Tensor | None,
        hidden: Tensor,
        cell: Tensor,
        how: Unrolling,
    ) -> tuple[Tensor, Tensor, Tensor]:
        T, B, P_in = x.shape
        H, P = cell.shape[1], hidden.shape[1]
        low = how.low(input_weight)
        doubled, shift = under_one_sigmoid(bias, how.forget_bias)
        of_input = product_with((input_weight * doubled).to(low), T * B, shift.to(low))
        add_hidden = sum_with((hidden_weight * doubled).to(low), B)
        project = None if projection is None else product_with(projection.to(low), B)
        inputs = x.to(low)  # (T, B, P_in)
        gates_of_input = of_input(inputs.view(T * B, P_in)).view(T, B, 4 * H)
        gates = x.new_empty(T, B, 4 * H, dtype=low)  # after the nonlinearities
        cells = x.new_empty(T, B, H)  # after each step
        squashed = x.new_empty(T, B, H, dtype=low)  # tanh of them
        inner = x.new_empty(T, B, H, dtype=low)  # before the projection
        step, tanh_cell = x.new_empty(B, 4 * H), x.new_empty(B, H)  # of one step, in full precision
        hiddens = x.new_empty(T, B, P)
        keep = how.keep(x.dtype)  # (T, B, 1)
        kept_cells = None if keep is None else x.new_empty(T, B, H)
        kept_hiddens = x.new_empty(T, B, P, dtype=low)  # what each step reads
        minus_one = x.new_tensor(-1.0)
        i, j, f, o = step.chunk(4, dim=1)  # (B, H) each, views
        before_hidden, before_cell = hidden, cell
        for t in range(T):
            if keep is not None and kept_cells is not None:
                before_hidden = before_hidden * keep[t]
                before_cell = torch.mul(before_cell, keep[t], out=kept_cells[t])
            kept_hiddens[t] = before_hidden
            step.copy_(add_hidden(kept_hiddens[t], gates_of_input[t])).sigmoid_()  # (B, 4H)
            torch.add(minus_one, j, alpha=2.0, out=j)
            new_cell = torch.mul(f, before_cell, out=cells[t]).addcmul_(i, j)
            if how.cell_clip is not None:
                new_cell.clamp_(-how.cell_clip, how.cell_clip)
            torch.mul(new_cell, 2.0, out=tanh_cell).sigmoid_()
            torch.add(minus_one, tanh_cell, alpha=2.0, out=tanh_cell)
            gates[t], squashed[t] = step, tanh_cell
            inner[t] = tanh_cell.mul_(o)
            hiddens[t] = inner[t] if project is None else project(inner[t])
            if project is not None and how.projection_clip is not None:
                hiddens[t].clamp_(-how.projection_clip, how.projection_clip)
            before_hidden, before_cell = hiddens[t], new_cell
        ctx.save_for_backward(
            inputs, input_weight, hidden_weight, projection, gates, cells, squashed, inner, hiddens, kept_hiddens,
            cell, keep, kept_cells,
        )  # fmt: skip
        ctx.how = how
        return hiddens, hiddens[-1].clone(), cells[-1].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        of_outputs, of_hidden, of_cell = gradients
        (inputs, input_weight, hidden_weight, projection, gates, cells, squashed, inner, hiddens, kept_hiddens,
         first_cell, keep, kept_cells) = ctx.saved_tensors  # fmt: skip
        how: Unrolling = ctx.how
        low = how.low(input_weight)
        T, B, four_H = gates.shape
        H, P = four_H // 4, hiddens.shape[2]
        of_cell = of_cell.clone()
        of_bias = cells.new_zeros(B, four_H)
        to_hidden = product_with(hidden_weight.to(low).t(), B)
        to_inner = None if projection is None else product_with(projection.to(low).t(), B)
        of_gates = gates.new_empty(T, B, four_H, dtype=low)
        of_projected = kept_hiddens.new_empty(hiddens.shape)  # (T, B, P)
        step, of_step = cells.new_empty(B, four_H), cells.new_empty(B, four_H)
        i, j, f, o = step.chunk(4, dim=1)
        of_i, of_j, of_f, of_o = of_step.chunk(4, dim=1)
        tanh_cell = cells.new_empty(B, H)
        cells_clipped = how.cell_clip is not None and bool(cells.abs().amax() >= how.cell_clip)
        hiddens_clipped = (
            how.projection_clip is not None
            and projection is not None
            and bool(hiddens.abs().amax() >= how.projection_clip)
        )
        sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
        for t in reversed(range(T)):
            step.copy_(gates[t])
            tanh_cell.copy_(squashed[t])
            before_cell = kept_cells[t] if kept_cells is not None else cells[t - 1] if t else first_cell
            of_output = of_outputs[t] + of_hidden  # (B, P)
            if hiddens_clipped:
                of_output *= hiddens[t].abs() < how.projection_clip
            of_projected[t] = of_output
            of_inner = of_output if to_inner is None else to_inner(of_projected[t]).to(cells.dtype)  # (B, H)
            sigmoid_backward(of_inner * tanh_cell, o, grad_input=of_o)
            of_cell += torch.ops.aten.tanh_backward(of_inner * o, tanh_cell)
            if cells_clipped:
                of_cell *= cells[t].abs() < how.cell_clip
            sigmoid_backward(of_cell * j, i, grad_input=of_i)
            torch.ops.aten.tanh_backward.grad_input(of_cell * i, j, grad_input=of_j)
            sigmoid_backward(of_cell * before_cell, f, grad_input=of_f)
            of_gates[t] = of_step
            of_hidden = to_hidden(of_gates[t]).to(cells.dtype)  # (B, P)
            of_cell *= f
            if keep is not None:
                of_hidden = of_hidden * keep[t]
                of_cell *= keep[t]
            of_bias += of_step
        flat = of_gates.view(T * B, four_H)
        full = cells.dtype
        of_x = torch.mm(flat, input_weight.to(low)).to(full).view(T, B, -1) if ctx.needs_input_grad[0] else None
        read = torch.cat([inputs, kept_hiddens], dim=2).view(T * B, -1)  # [x, h]: one product is faster than two
        of_weights = torch.mm(flat.t(), read)  # (4H, P_in + P)
        of_input_weight, of_hidden_weight = (
            part.to(full, memory_format=torch.contiguous_format)
            for part in torch.split(of_weights, [inputs.shape[2], P], dim=1)
        )
        of_projection = None
        if projection is not None:
            of_projection = torch.mm(of_projected.view(T * B, -1).t(), inner.view(T * B, H)).to(full)  # (P, H)
        return of_x, of_input_weight, of_hidden_weight, of_bias.sum(dim=0), of_projection, of_hidden, of_cell, None


def unroll_layer(
    x: Tensor,
    input_weight: Tensor,
    hidden_weight: Tensor,
    bias: Tensor,
    projection: Tensor | None,
    hidden: Tensor,
    cell: Tensor,
    how: Unrolling,
) -> tuple[Tensor, Tensor, Tensor]:
    """What `LSTMLayer.forward` computes without padding, time first; differentiable once.

    At a clip the gradient is 0 from the clip on (PyTorch's `clamp` still passes it at the exact bound).

    Args:
        x: float (T, B, P). hidden: float (B, P), cell: float (B, H): before the first token.
    Returns:
        output float (T, B, P) before any residual, hidden (B, P) and cell (B, H) after the last token.
    """
    output: tuple[Tensor, Tensor, Tensor] = _Unrolled.apply(  # type: ignore[no-untyped-call]
        x.contiguous(), input_weight, hidden_weight, bias, projection, hidden, cell, how
    )
    return output
