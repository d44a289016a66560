"""Both directions of an LSTM layer unrolled at once, with a hand-written gradient: for training on a GPU.

A step of one direction is too little work for a GPU, so the directions share each product, as a batch of two. Between the
products are three elementwise functions, each compiled to one kernel where Triton is installed. What the gradient needs of
the gates is worked out again from their sums, which costs less than to keep it. `lstm.LSTMLayer` is the readable twin that it is
tested against (on the CPU too, where it is right but not fast: there `fast_lstm.py` trains).
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import Function

from elmo.model.encoders.context_encoder import TrainingPass
from elmo.model.encoders.lstm.fast_lstm import Unrolling
from elmo.model.encoders.lstm.lstm import LSTMLayer, LSTMStack, LSTMState
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.compiled import compiled_on


def cell_step(
    sums: Tensor, cell: Tensor, keep: Tensor | None, forget_bias: float, clip: float | None
) -> tuple[Tensor, Tensor]:
    """The cell of `lstm.lstm_step`.

    Args:
        sums: float (2, B, 4H), blocks i, j, f, o before the nonlinearities. cell: float (2, B, H) before the step.
        keep: float (B, 1), 0 where the state is zero before the step; None: nowhere.
        clip: of the new cell.
    Returns:
        the new cell and the output before the projection, float (2, B, H) each, the latter of the dtype of `sums`.
    """
    i, j, f, o = sums.to(cell.dtype).chunk(4, dim=2)
    if keep is not None:
        cell = cell * keep
    cell = torch.sigmoid(f + forget_bias) * cell + torch.sigmoid(i) * torch.tanh(j)
    if clip is not None:
        cell = cell.clamp(-clip, clip)
    return cell, (torch.sigmoid(o) * torch.tanh(cell)).to(sums.dtype)


def cell_step_gradient(
    sums: Tensor,
    before: Tensor,
    keep: Tensor | None,
    forget_bias: float,
    clip: float | None,
    cell: Tensor,
    of_inner: Tensor,
    of_cell: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The gradient of `cell_step`.

    Args:
        sums, before, keep, forget_bias, clip: as it read them. cell: the new cell.
        of_inner: float (2, B, H), the gradient of the output before the projection. of_cell: float (2, B, H), of the new cell.
    Returns:
        of the four blocks of the sums, of their dtype, and of the cell before the step, float (2, B, H) each. (To put the
        blocks together in here would make a compiled kernel several times slower.)
    """
    i, j, f, o = sums.to(cell.dtype).chunk(4, dim=2)
    i, j, f, o = torch.sigmoid(i), torch.tanh(j), torch.sigmoid(f + forget_bias), torch.sigmoid(o)
    if keep is not None:
        before = before * keep
    of_inner = of_inner.to(cell.dtype)
    squashed = torch.tanh(cell)
    of_cell = of_cell + of_inner * o * (1 - squashed * squashed)
    if clip is not None:
        of_cell = of_cell * (cell.abs() < clip)
    of_i, of_j = of_cell * j * i * (1 - i), of_cell * i * (1 - j * j)
    of_f, of_o = of_cell * before * f * (1 - f), of_inner * squashed * o * (1 - o)
    of_before = of_cell * f
    low = sums.dtype
    return of_i.to(low), of_j.to(low), of_f.to(low), of_o.to(low), of_before if keep is None else of_before * keep


def projected_gradient(
    of_output: Tensor, of_hidden: Tensor, hidden: Tensor, keep: Tensor | None, clip: float | None
) -> Tensor:
    """The gradient of a step's projection before its clip.

    Args:
        of_output: float (2, B, P), of the layer's output at this step. of_hidden: float (2, B, P), of what the next step reads.
        hidden: float (2, B, P), after the clip.
        keep: float (B, 1), of the next step.
    Returns:
        float (2, B, P) of the dtype of `hidden`.
    """
    total = of_hidden.to(of_output.dtype)
    total = of_output + (total if keep is None else total * keep)
    if clip is not None:
        total = total * (hidden.abs() < clip)
    return total.to(hidden.dtype)


class _UnrolledBoth(Function):
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
        _, T, B, P_in = x.shape
        low = how.low(input_weight)
        inputs = x.to(low)  # (2, T, B, P_in)
        from_input, from_hidden = (w.to(low).transpose(1, 2) for w in (input_weight, hidden_weight))  # (2, P, 4H)
        project = None if projection is None else projection.to(low).transpose(1, 2)  # (2, H, P)
        sums = torch.baddbmm(bias.to(low)[:, None], inputs.view(2, T * B, P_in), from_input).view(2, T, B, -1)
        keep = how.keep(x.dtype)  # (T, B, 1)
        step = compiled_on(x.device, cell_step)
        cells, inners, hiddens, read = [cell], [], [], []
        before = hidden.to(low)
        for t in range(T):
            here = None if keep is None else keep[t]
            read.append(before if here is None else before * here.to(low))
            sums[:, t].baddbmm_(read[t], from_hidden)
            new_cell, inner = step(sums[:, t], cells[t], here, how.forget_bias, how.cell_clip)
            cells.append(new_cell)
            inners.append(inner)
            before = inner if project is None else torch.bmm(inner, project)  # (2, B, P)
            if project is not None and how.projection_clip is not None:
                before = before.clamp_(-how.projection_clip, how.projection_clip)
            hiddens.append(before)
        outputs = torch.stack(hiddens, dim=1)  # (2, T, B, P)
        ctx.save_for_backward(
            inputs, input_weight, hidden_weight, projection, sums, torch.stack(inners, dim=1), outputs,
            torch.stack(read, dim=1), keep, *cells,
        )  # fmt: skip
        ctx.how = how
        return outputs.to(x.dtype), outputs[:, -1].to(x.dtype), cells[-1].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        of_outputs, of_hidden, of_cell = (gradient.contiguous() for gradient in gradients)
        inputs, input_weight, hidden_weight, projection, sums, inner, hiddens, read, keep, *cells = ctx.saved_tensors
        how: Unrolling = ctx.how
        full, low = cells[0].dtype, sums.dtype
        _, T, B, four_H = sums.shape
        P = hiddens.shape[3]
        to_hidden = hidden_weight.to(low)  # (2, 4H, P)
        to_inner = None if projection is None else projection.to(low)  # (2, P, H)
        of_projection_of = compiled_on(sums.device, projected_gradient)
        of_step = compiled_on(sums.device, cell_step_gradient)
        clip = None if projection is None else how.projection_clip
        of_projected: list[Tensor] = [hiddens] * T
        of_sums: list[Tensor] = [sums] * T
        after = None  # `keep` of the step after
        for t in reversed(range(T)):
            here = None if keep is None else keep[t]
            of_projected[t] = of_projection_of(of_outputs[:, t], of_hidden, hiddens[:, t], after, clip)
            of_inner = of_projected[t] if to_inner is None else torch.bmm(of_projected[t], to_inner)  # (2, B, H)
            *blocks, of_cell = of_step(
                sums[:, t], cells[t], here, how.forget_bias, how.cell_clip, cells[t + 1], of_inner, of_cell
            )
            of_sums[t] = torch.cat(blocks, dim=2)
            of_hidden, after = torch.bmm(of_sums[t], to_hidden), here  # (2, B, P)
        of_first = of_hidden.to(full) if after is None else of_hidden.to(full) * after
        flat = torch.stack(of_sums, dim=1).view(2, T * B, four_H)
        of_x = torch.bmm(flat, input_weight.to(low)).to(full).view(2, T, B, -1) if ctx.needs_input_grad[0] else None
        of_input_weight = torch.bmm(flat.transpose(1, 2), inputs.view(2, T * B, -1)).to(full)
        of_hidden_weight = torch.bmm(flat.transpose(1, 2), read.view(2, T * B, P)).to(full)
        of_projection = None
        if projection is not None:
            of_flat = torch.stack(of_projected, dim=1).view(2, T * B, P)
            of_projection = torch.bmm(of_flat.transpose(1, 2), inner.view(2, T * B, -1)).to(full)
        of_bias = flat.sum(dim=1, dtype=full)
        return of_x, of_input_weight, of_hidden_weight, of_bias, of_projection, of_first, of_cell, None


def unroll_both(
    x: Tensor, layers: tuple[LSTMLayer, LSTMLayer], hidden: Tensor, cell: Tensor, how: TrainingPass
) -> tuple[Tensor, Tensor, Tensor]:
    """`LSTMLayer.unroll_fast` of the forward and the backward LM together; differentiable once.

    Args:
        x: float (2, T, B, P), each direction in the order in which it reads.
        layers: of the forward and the backward LM.
        hidden: float (2, B, P), cell: float (2, B, H): before the first token.
    Returns:
        output float (2, T, B, P) before any residual, hidden (2, B, P) and cell (2, B, H) after the last token.
    """
    projections: list[Tensor] = [layer.projection for layer in layers if layer.projection is not None]
    output: tuple[Tensor, Tensor, Tensor] = _UnrolledBoth.apply(  # type: ignore[no-untyped-call]
        x.contiguous(),
        torch.stack([layer.input_weight for layer in layers]),
        torch.stack([how.dropout.of_weight(layer.hidden_weight) for layer in layers]),
        torch.stack([layer.bias for layer in layers]),
        torch.stack(projections) if projections else None,
        hidden,
        cell,
        layers[0].unrolling(how),
    )
    return output


def read_window(
    forward_lm: LSTMStack, backward_lm: LSTMStack, x: Tensor, state: BiLMState, how: TrainingPass
) -> tuple[list[Tensor], BiLMState]:
    """What both language models make of a window of training.

    Args:
        x: float (2, B, T, P), the token layer in the order in which each direction reads.
        state: before the window.
    Returns:
        each layer float (2, B, T, P) and the state after the window.
    """
    config, dropout = forward_lm.config, how.dropout
    halves = [LSTMState(*half) for half in state]
    outputs, hiddens, cells = [], [], []
    x = x.transpose(1, 2)  # (2, T, B, P)
    for number, pair in enumerate(zip(forward_lm.layers, backward_lm.layers, strict=True)):
        x = _dropped(x, dropout.layer_inputs, how)
        before = [torch.stack([part[number] for part in parts]) for parts in zip(*halves, strict=True)]
        output, hidden, cell = unroll_both(x, cast("tuple[LSTMLayer, LSTMLayer]", pair), before[0], before[1], how)
        x = output + x if config.skip_connections and number > 0 else output
        outputs.append(x)
        hiddens.append(hidden)
        cells.append(cell)
    after = [LSTMState(h, c) for h, c in zip(torch.stack(hiddens, dim=1), torch.stack(cells, dim=1), strict=True)]
    outputs[-1] = _dropped(x, dropout.output, how)
    return [output.transpose(1, 2) for output in outputs], BiLMState(*after)


def _dropped(x: Tensor, p: float, how: TrainingPass) -> Tensor:
    """Dropout of float (2, T, B, P), each direction on its own."""
    if p == 0.0:
        return x
    return torch.stack([how.dropout.of_units(half.transpose(0, 1), p).transpose(0, 1) for half in x])
