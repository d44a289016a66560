"""The LSTM for embedding: the same numbers as `lstm.py`, without gradients, padding or a step of Python for each word.

What pays (measured in SPEED notes and `LOG.md`): weights laid out once for many products; one product over [x, h] a step; rows
that shrink as sentences end; the cell updated in place, its tanh by the faster sigmoid (error 2e-7). `lstm.LSTMStack` is the
readable twin that it is tested against.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from elmo.model.encoders.lstm.fast_lstm import under_one_sigmoid
from elmo.model.encoders.lstm.lstm import LSTMLayer, LSTMStack, LSTMState
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.paging import release_mapped_pages
from elmo.model.kernels.products import IN_CACHE, Product, held_as, prepack_linear, small_batch_linear
from elmo.model.kernels.thread_lock import Once

USUAL_ROWS = 256  # for which weights are laid out
FEW_ROWS = 4  # sentences that are read in another way
READ_AHEAD = 512  # of their tokens, of which gates are kept at a time: a document may be of any length


class PackedLSTM:
    """The weights of both directions laid out for embedding, see `EmbeddingRunner`."""

    def __init__(self, forward_lm: LSTMStack, backward_lm: LSTMStack, low: torch.dtype) -> None:
        stacks = (_layers_of(forward_lm), _layers_of(backward_lm))
        self._many = [[_PackedLayer(layer, low) for layer in stack] for stack in stacks]
        groups = [(0, 1)] if _fits_twice(stacks[0][0].hidden_weight, low) else [(0,), (1,)]
        self._few = {
            group: [_FewLayer(some, low) for some in zip(*(stacks[d] for d in group), strict=True)] for group in groups
        }
        self._skip = forward_lm.config.skip_connections

    def read(
        self, ahead: Tensor, behind: Tensor, batch_sizes: Sequence[int], state: BiLMState
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """See `EmbeddingRunner.read`."""
        halves, both = [LSTMState(*half) for half in state], [ahead, behind]
        del ahead, behind  # their memory is free once the first layer has read them
        if len(batch_sizes) and batch_sizes[0] <= FEW_ROWS:
            yield from self._read_few(both, batch_sizes, halves)
            return
        for number, pair in enumerate(zip(*self._many, strict=True)):
            for d, layer in enumerate(pair):
                output = layer.run(both[d], batch_sizes, halves[d].hidden[number], halves[d].cell[number])
                both[d] = output.add_(both[d]) if self._skip and number > 0 else output  # (N, P)
            yield both[0], both[1]

    def _read_few(
        self, both: list[Tensor], batch_sizes: Sequence[int], halves: Sequence[LSTMState]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """`read` for a sentence or a few: both directions side by side where the weights of both stay in the cache."""
        read = {group: torch.stack([both[d] for d in group]) for group in self._few}  # (D, N, P)
        for number in range(len(self._many[0])):
            for group, stack in self._few.items():
                x = read[group]
                hidden = torch.stack([halves[d].hidden[number] for d in group])  # (D, B, P)
                cell = torch.stack([halves[d].cell[number] for d in group])  # (D, B, H)
                output = stack[number].run(x, batch_sizes, hidden, cell)
                read[group] = x = output.add_(x) if self._skip and number > 0 else output
                for at, d in enumerate(group):
                    both[d] = x[at]
                    halves[d].hidden[number], halves[d].cell[number] = hidden[at], cell[at]
            yield both[0], both[1]


def _fits_twice(weight: Tensor, low: torch.dtype) -> bool:
    """Whether the weights of both directions stay in a processor's cache from step to step."""
    return weight.numel() * low.itemsize <= IN_CACHE


def _layers_of(stack: LSTMStack) -> list[LSTMLayer]:
    return [layer for layer in stack.layers if isinstance(layer, LSTMLayer)]


class _PackedLayer:
    """One layer of one direction."""

    def __init__(self, layer: LSTMLayer, low: torch.dtype) -> None:
        self._config, self._low = layer.config, held_as(low)
        self._products = Once(lambda: _many_products(layer, low))

    def run(self, x: Tensor, batch_sizes: Sequence[int], hidden: Tensor, cell: Tensor) -> Tensor:
        """x float (N, P) -> output float (N, P) before any residual; hidden (B, P) and cell (B, H) are written over."""
        config, (B, H), P, products = self._config, cell.shape, x.shape[1], self._products.get()
        read = x.new_empty(B, 2 * P, dtype=self._low)  # [x, h] of a step
        read[:, P:] = hidden
        step, squashed = x.new_empty(B, 4 * H), x.new_empty(B, H)
        outputs = torch.empty_like(x)
        minus_one = x.new_tensor(-1.0)
        start = 0
        for n in batch_sizes:
            end = start + n
            read[:n, :P] = x[start:end]
            gates = step[:n].copy_(products.gates(read[:n])).sigmoid_()  # (n, 4H)
            i, j, f, o = gates.chunk(4, dim=1)
            torch.add(minus_one, j, alpha=2.0, out=j)
            own = cell[:n].mul_(f).addcmul_(i, j)  # (n, H)
            if config.cell_clip is not None:
                own.clamp_(-config.cell_clip, config.cell_clip)
            tanh = torch.mul(own, 2.0, out=squashed[:n]).sigmoid_()
            torch.add(minus_one, tanh, alpha=2.0, out=tanh)
            tanh.mul_(o)
            output = outputs[start:end]
            if products.project is None:
                output.copy_(tanh)
            else:
                output.copy_(products.project(tanh.to(self._low)))
                if config.projection_clip is not None:
                    output.clamp_(-config.projection_clip, config.projection_clip)
            read[:n, P:] = output
            start = end
        for row_from, row_to, at in _ends(batch_sizes):  # rows that end at a step keep what it gave
            hidden[row_from:row_to] = outputs[at + row_from : at + row_to]
        return outputs


class _ManyProducts(NamedTuple):
    """Products of a layer for many rows."""

    gates: Product  # of [x, h]
    project: Product | None


def _many_products(layer: LSTMLayer, low: torch.dtype) -> _ManyProducts:
    doubled, bias = under_one_sigmoid(layer.bias.detach(), layer.config.forget_bias)
    weight = torch.cat([layer.input_weight.detach(), layer.hidden_weight.detach()], dim=1)  # (4H, 2P)
    release_mapped_pages(layer.input_weight, layer.hidden_weight)
    gates = prepack_linear(weight.mul_(doubled), USUAL_ROWS, bias, low)
    project = None if layer.projection is None else prepack_linear(layer.projection.detach(), USUAL_ROWS, None, low)
    release_mapped_pages(layer.projection)
    return _ManyProducts(gates, project)


class _FewLayer:
    """One layer of D = 1 or 2 directions, for a sentence or a few, where it takes longer to read weights than to multiply with
    them: those of x are read once for many steps, and Python does as little of each step as possible."""

    def __init__(self, layers: Sequence[LSTMLayer], low: torch.dtype) -> None:
        self._config, self._low = layers[0].config, held_as(low)
        self._products = Once(lambda: _few_products(layers, low))

    def run(self, x: Tensor, batch_sizes: Sequence[int], hidden: Tensor, cell: Tensor) -> Tensor:
        """x float (D, N, P) -> output of that shape before any residual; hidden (D, B, P), cell (D, B, H) are written over."""
        config, products = self._config, self._products.get()
        outputs, minus_one = torch.empty_like(x), x.new_tensor(-1.0)
        start, n_before, read_from, read_to = 0, 0, 0, 0
        for n in batch_sizes:
            end = start + n
            if end > read_to:
                read_from, read_to = start, min(start + READ_AHEAD, x.shape[1])
                of_input = products.of_input(x[:, read_from:read_to].to(self._low)).to(x.dtype)  # (D, some, 4H)
            if n != n_before:
                own_hidden, own = hidden[:, :n], cell[:, :n]  # (D, n, P), (D, n, H)
                n_before = n
            gates = (
                products.of_hidden(own_hidden.to(self._low))
                .to(x.dtype)
                .add_(of_input[:, start - read_from : end - read_from])
            )  # (D, n, 4H)
            i, j, f, o = gates.chunk(4, dim=2)
            j.mul_(2.0)  # tanh(j) = 2 sigmoid(2 j) - 1, all four blocks under one sigmoid
            gates.sigmoid_()
            own.mul_(f).addcmul_(i, j, value=2.0).sub_(i)
            if config.cell_clip is not None:
                own.clamp_(-config.cell_clip, config.cell_clip)
            tanh = torch.mul(own, 2.0).sigmoid_()  # (D, n, H)
            inner = torch.add(minus_one, tanh, alpha=2.0, out=tanh).mul_(o)
            output = (
                inner if products.project is None else products.project(inner.to(self._low)).to(x.dtype)
            )  # (D, n, P)
            if products.project is not None and config.projection_clip is not None:
                output.clamp_(-config.projection_clip, config.projection_clip)
            own_hidden.copy_(output)
            outputs[:, start:end] = output
            start = end
        return outputs


class _FewProducts(NamedTuple):
    """Products of a layer for a row or a few of each direction: float (D, n, K) -> (D, n, M), each by its own weight."""

    of_input: Product  # with the bias, forget bias included
    of_hidden: Product
    project: Product | None


def _few_products(layers: Sequence[LSTMLayer], low: torch.dtype) -> _FewProducts:
    biases = []
    for layer in layers:
        bias = layer.bias.detach().clone()
        bias.view(4, -1)[2] += layer.config.forget_bias
        biases.append(bias)
    projections = [layer.projection.detach() for layer in layers if layer.projection is not None]
    return _FewProducts(
        small_batch_linear([layer.input_weight.detach() for layer in layers], biases, low),
        small_batch_linear([layer.hidden_weight.detach() for layer in layers], None, low),
        small_batch_linear(projections, None, low) if projections else None,
    )


def _ends(batch_sizes: Sequence[int]) -> list[tuple[int, int, int]]:
    """Rows whose last token a step holds, and where the step begins."""
    found, start = [], 0
    for n, later in pairwise([*batch_sizes, 0]):
        if later < n:
            found.append((later, n, start))
        start += n
    return found
