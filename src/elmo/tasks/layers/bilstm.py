"""A bidirectional LSTM over texts of different lengths: the backward half reads each text reversed, padding after it.

So both halves are plain LSTMs over padded rows, which a processor has whole kernels for; PyTorch's packed rows, whose result is
the same, go token by token through small products and take one and a half times as long.
"""

import torch
from torch import Tensor, nn

from elmo.model.bilm import reverse_rows
from elmo.tasks.layers.unit_dropout import UnitDropout


class BiLSTM(nn.Module):
    """float (B, T, F) -> float (B, T, 2 H): the forward state beside the backward one.

    Args:
        n_features: F. cell_size: H, of each direction.
        dropout: of what a layer hands to the next.
    """

    def __init__(self, n_features: int, cell_size: int, n_layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        widths = [n_features] + [2 * cell_size] * (n_layers - 1)
        self.forwards, self.backwards = (
            nn.ModuleList(nn.LSTM(width, cell_size, batch_first=True) for width in widths) for _ in range(2)
        )
        self.dropout = UnitDropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """mask: bool (B, T), True = token; tokens come before the padding, whose output is 0."""
        y = x
        for number, (ahead, back) in enumerate(zip(self.forwards, self.backwards, strict=True)):
            y = self.dropout(y) if number else y
            y = torch.cat([ahead(y)[0], reverse_rows(back(reverse_rows(y, mask))[0], mask)], dim=2)
        return y * mask.unsqueeze(2)
