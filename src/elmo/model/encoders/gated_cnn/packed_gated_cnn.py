"""The gated CNN for embedding: the numbers of `gated_cnn.py` without gradients or padding, one product for many tokens."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from elmo.model.encoders.runner import positions_of
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.products import held_as, prepack_linear

AT_ONCE = 1024  # tokens whose windows are held at a time: a document may be of any length

Weights = tuple[Tensor, Tensor, Tensor]  # kernel (2C, k, P), bias (2C,), projection (P, C) of a layer


class PackedGatedCNN:
    """The weights of both directions laid out for embedding, see `EmbeddingRunner`."""

    def __init__(self, forward_layers: Sequence[Weights], backward_layers: Sequence[Weights], low: torch.dtype) -> None:
        self._layers = [
            [_PackedLayer(*weights, low) for weights in pair]
            for pair in zip(forward_layers, backward_layers, strict=True)
        ]
        self._width = forward_layers[0][0].shape[1]

    def read(
        self, ahead: Tensor, behind: Tensor, batch_sizes: Sequence[int], state: BiLMState
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """See `EmbeddingRunner.read`."""
        seen = window_indices(batch_sizes, self._width, ahead.device)  # (N, k)
        for forward_layer, backward_layer in self._layers:
            ahead, behind = forward_layer.run(ahead, seen), backward_layer.run(behind, seen)
            yield ahead, behind


def window_indices(batch_sizes: Sequence[int], width: int, device: torch.device | None = None) -> Tensor:
    """The indices of the tokens that each token of packed sentences reads: int64 (N, k), itself last; N where there is none."""
    index = positions_of(batch_sizes, device)  # (T, B)
    n_positions = sum(batch_sizes)
    if n_positions == 0:
        return index.new_zeros(0, width)
    before = index.new_full((width - 1, index.shape[1]), n_positions)
    windows = torch.cat([before, index]).unfold(0, width, 1)  # (T, B, k)
    return windows[index < n_positions]  # (N, k)


class _PackedLayer:
    """One layer of one direction."""

    def __init__(self, kernel: Tensor, bias: Tensor, projection: Tensor, low: torch.dtype) -> None:
        self._gated = prepack_linear(kernel.detach().flatten(1), AT_ONCE, bias.detach(), low)
        self._project = prepack_linear(projection.detach(), AT_ONCE, None, low)
        self._low = held_as(low)

    def run(self, x: Tensor, seen: Tensor) -> Tensor:
        """float (N, P) -> float (N, P); seen: int64 (N, k) of `window_indices`."""
        given = torch.cat([x, x.new_zeros(1, x.shape[1])]).to(self._low)  # the last row: no token
        output = torch.empty_like(x)
        for begin in range(0, len(x), AT_ONCE):
            part = slice(begin, begin + AT_ONCE)
            values, gates = self._gated(given[seen[part]].flatten(1)).to(x.dtype).chunk(2, dim=1)  # (n, C) each
            gated = gates.sigmoid().mul_(values)
            output[part] = self._project(gated.to(self._low)).to(x.dtype).add_(x[part])
        return output
