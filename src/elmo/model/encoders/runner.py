"""How embedding runs an encoder: on packed sentences, without padding, step after step (`text/packing.py`)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from elmo.model.encoders.state import BiLMState, EncoderState

ReadRows = Callable[[Tensor, Tensor, EncoderState], tuple[list[Tensor], EncoderState]]


class EmbeddingRunner(Protocol):
    """Both directions of an encoder, prepared for embedding."""

    def read(
        self, ahead: Tensor, behind: Tensor, batch_sizes: Sequence[int], state: BiLMState
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Each layer of both directions, the lowest first.

        Args:
            ahead, behind: float (N, P), the token layer in the order in which the forward and the backward LM read.
            batch_sizes: (T,), rows of each step, falling.
            state: of the B rows; it is overwritten, and valid after the last layer.
        Returns:
            float (N, P) of each direction, in those orders.
        """


def positions_of(batch_sizes: Sequence[int], device: torch.device | None = None) -> Tensor:
    """The position of each token in packed sentences: int64 (T, B); N where a row has ended."""
    sizes = torch.tensor([*batch_sizes], dtype=torch.int64, device=device)
    n_rows, n_positions = (int(sizes[0]), int(sizes.sum())) if len(sizes) else (0, 0)
    row = torch.arange(n_rows, device=device)  # (B,)
    begins = (sizes.cumsum(0) - sizes)[:, None]  # (T, 1)
    return torch.where(row < sizes[:, None], begins + row, n_positions)  # (T, B)


class PlainRunner:
    """Rows are padded and read by the encoder's `forward`, in the precision of its weights."""

    def __init__(self, forward_lm: ReadRows, backward_lm: ReadRows) -> None:
        self._directions = (forward_lm, backward_lm)

    def read(
        self, ahead: Tensor, behind: Tensor, batch_sizes: Sequence[int], state: BiLMState
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """See `EmbeddingRunner.read`."""
        position = positions_of(batch_sizes, ahead.device).t()  # (B, T)
        mask = position < len(ahead)
        found, halves = [], []
        for read_rows, x, half in zip(self._directions, (ahead, behind), state, strict=True):
            outputs, after = read_rows(torch.cat([x, x.new_zeros(1, x.shape[1])])[position], mask, half)
            halves.append(after)
            found.append(outputs)
        state.copy_from(BiLMState(*halves))
        for pair in zip(*found, strict=True):
            packed = [torch.empty_like(ahead) for _ in pair]
            for own, output in zip(packed, pair, strict=True):
                own[position[mask]] = output[mask]
            yield packed[0], packed[1]
