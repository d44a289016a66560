"""The unrolled LSTM layer of `lstm.py` with a hand-written gradient, for training on windows without padding.

Autograd keeps some twenty small tensors a step and adds up the weight gradients step by step. Here a step keeps six, and
each weight gradient is one matrix product over all steps. `lstm.LSTMLayer` is the readable twin that it is tested against.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional


class _Unrolled(Function):
    @staticmethod
    def forward(
        ctx: Any,
        gates_of_input: Tensor,
        hidden_weight: Tensor,
        projection: Tensor | None,
        hidden: Tensor,
        cell: Tensor,
        forget_bias: float,
        cell_clip: float | None,
        projection_clip: float | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        T, B, four_H = gates_of_input.shape
        H = four_H // 4
        gates = torch.empty_like(gates_of_input)  # (T, B, 4H), after the nonlinearities
        cells = gates.new_empty(T + 1, B, H)
        squashed = gates.new_empty(T, B, H)  # tanh of the cells
        inner = gates.new_empty(T, B, H)  # before the projection
        hiddens = gates.new_empty(T + 1, B, hidden.shape[1])
        hiddens[0], cells[0] = hidden, cell
        for t in range(T):
            torch.addmm(gates_of_input[t], hiddens[t], hidden_weight.t(), out=gates[t])
            i, j, f, o = gates[t].chunk(4, dim=1)  # (B, H) each, views
            f += forget_bias
            torch.sigmoid_(i), torch.tanh_(j), torch.sigmoid_(f), torch.sigmoid_(o)
            torch.mul(f, cells[t], out=cells[t + 1])
            cells[t + 1].addcmul_(i, j)
            if cell_clip is not None:
                cells[t + 1].clamp_(-cell_clip, cell_clip)
            torch.tanh(cells[t + 1], out=squashed[t])
            torch.mul(o, squashed[t], out=inner[t])
            if projection is None:
                hiddens[t + 1] = inner[t]
            else:
                torch.mm(inner[t], projection.t(), out=hiddens[t + 1])
                if projection_clip is not None:
                    hiddens[t + 1].clamp_(-projection_clip, projection_clip)
        ctx.save_for_backward(hidden_weight, projection, gates, cells, squashed, inner, hiddens)
        ctx.clips = cell_clip, projection_clip if projection is not None else None
        return hiddens[1:].clone(), hiddens[T].clone(), cells[T].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        of_outputs, of_last_hidden, of_last_cell = gradients
        hidden_weight, projection, gates, cells, squashed, inner, hiddens = ctx.saved_tensors
        cell_clip, projection_clip = ctx.clips
        T = len(gates)
        of_gates = torch.empty_like(gates)  # (T, B, 4H)
        of_projected = torch.empty_like(hiddens[1:])  # (T, B, P)
        of_hidden, of_cell = of_last_hidden, of_last_cell
        for t in reversed(range(T)):
            i, j, f, o = gates[t].chunk(4, dim=1)
            of_i, of_j, of_f, of_o = of_gates[t].chunk(4, dim=1)
            torch.add(of_outputs[t], of_hidden, out=of_projected[t])
            if projection_clip is not None:
                of_projected[t] *= hiddens[t + 1].abs() < projection_clip
            of_inner = of_projected[t] if projection is None else of_projected[t] @ projection  # (B, H)
            torch.ops.aten.sigmoid_backward.grad_input(of_inner * squashed[t], o, grad_input=of_o)
            of_cell = of_cell + torch.ops.aten.tanh_backward(of_inner * o, squashed[t])
            if cell_clip is not None:
                of_cell = of_cell * (cells[t + 1].abs() < cell_clip)
            torch.ops.aten.sigmoid_backward.grad_input(of_cell * j, i, grad_input=of_i)
            torch.ops.aten.tanh_backward.grad_input(of_cell * i, j, grad_input=of_j)
            torch.ops.aten.sigmoid_backward.grad_input(of_cell * cells[t], f, grad_input=of_f)
            of_hidden = of_gates[t] @ hidden_weight  # (B, P)
            of_cell = of_cell * f
        flat = of_gates.flatten(0, 1)  # (T * B, 4H)
        of_hidden_weight = flat.t() @ hiddens[:-1].flatten(0, 1)  # (4H, P)
        of_projection = None if projection is None else of_projected.flatten(0, 1).t() @ inner.flatten(0, 1)  # (P, H)
        return of_gates, of_hidden_weight, of_projection, of_hidden, of_cell, None, None, None


def unroll_layer(
    x: Tensor,
    input_weight: Tensor,
    hidden_weight: Tensor,
    bias: Tensor,
    projection: Tensor | None,
    hidden: Tensor,
    cell: Tensor,
    forget_bias: float,
    cell_clip: float | None,
    projection_clip: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """What `LSTMLayer.forward` computes without padding, shapes and all; differentiable once.

    At a clip the gradient is 0 from the clip on (PyTorch's `clamp` still passes it at the exact bound).
    """
    gates_of_input = functional.linear(x.transpose(0, 1), input_weight, bias)  # (T, B, 4H)
    outputs, hidden, cell = _Unrolled.apply(  # type: ignore[no-untyped-call]
        gates_of_input, hidden_weight, projection, hidden, cell, forget_bias, cell_clip, projection_clip
    )
    return outputs.transpose(0, 1), hidden, cell
