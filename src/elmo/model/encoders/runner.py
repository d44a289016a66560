"""How embedding runs an encoder: sentences that are laid out without padding, step after step (`text/packing.py`)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from elmo.model.encoders.state import BiLMState, EncoderState

ReadRows = Callable[[Tensor, Tensor, EncoderState], tuple[list[Tensor], EncoderState]]


class EmbeddingRunner(Protocol):
    """Both directions of an encoder, made ready to embed."""

    def read(
        self, ahead: Tensor, behind: Tensor, batch_sizes: Sequence[int], state: BiLMState
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Each layer of both directions, the lowest first.

        Args:
            ahead, behind: float (N, P), the token layer in the order in which the forward and the backward LM read.
            batch_sizes: (T,), rows of each step, falling.
            state: of the B rows; it is written over, and right when the last layer was given.
        Returns:
            float (N, P) of each direction, in those orders.
        """


def places_of(batch_sizes: Sequence[int], device: torch.device | None = None) -> Tensor:
    """Where each token of packed sentences lies: int64 (T, B), N where a row has ended; row r of step t is one of the places."""
    sizes = torch.tensor([*batch_sizes], dtype=torch.int64, device=device)
    n_rows, n_places = (int(sizes[0]), int(sizes.sum())) if len(sizes) else (0, 0)
    row = torch.arange(n_rows, device=device)  # (B,)
    begins = (sizes.cumsum(0) - sizes)[:, None]  # (T, 1)
    return torch.where(row < sizes[:, None], begins + row, n_places)  # (T, B)


class PlainRunner:
    """Rows are filled up and read by the encoder's `forward`, in the precision of its weights."""

    def __init__(self, forward_lm: ReadRows, backward_lm: ReadRows) -> None:
        self._directions = (forward_lm, backward_lm)

    def read(
        self, ahead: Tensor, behind: Tensor, batch_sizes: Sequence[int], state: BiLMState
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """See `EmbeddingRunner.read`."""
        place = places_of(batch_sizes, ahead.device).t()  # (B, T)
        mask = place < len(ahead)
        found, halves = [], []
        for read_rows, x, half in zip(self._directions, (ahead, behind), state, strict=True):
            outputs, after = read_rows(torch.cat([x, x.new_zeros(1, x.shape[1])])[place], mask, half)
            halves.append(after)
            found.append(outputs)
        state.copy_from(BiLMState(*halves))
        for pair in zip(*found, strict=True):
            packed = [torch.empty_like(ahead) for _ in pair]
            for own, output in zip(packed, pair, strict=True):
                own[place[mask]] = output[mask]
            yield packed[0], packed[1]
