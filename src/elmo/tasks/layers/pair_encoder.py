"""Two encoded texts -> one vector: ESIM (Chen et al. 2017).

Each token of one text attends to the tokens of the other; the attended vector, the difference and the product go into a
second LSTM, whose maxima and means over both texts are concatenated.
"""

import torch
from torch import Tensor, nn

from elmo.tasks.config import TaskConfig
from elmo.tasks.layers.bilstm import BiLSTM
from elmo.tasks.layers.pooling import highest, mean
from elmo.tasks.layers.unit_dropout import UnitDropout


class PairEncoder(nn.Module):
    """Two encoded texts -> float (B, width).

    Args:
        n_features: F of a token.
    """

    def __init__(self, config: TaskConfig, n_features: int) -> None:
        super().__init__()
        H = config.cell_size
        self.compared = nn.Sequential(nn.Linear(4 * n_features, H), nn.ReLU(), UnitDropout(config.dropout))
        self.composed = BiLSTM(H, H)
        self.summary = nn.Sequential(
            UnitDropout(config.dropout), nn.Linear(8 * H, H), nn.Tanh(), UnitDropout(config.dropout)
        )
        self.width = H

    def forward(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        """a float (B, T, F), b float (B, T', F), their masks bool -> float (B, width)."""
        likeness = a @ b.transpose(1, 2)  # (B, T, T')
        sees = likeness.masked_fill(~mask_b.unsqueeze(1), -torch.inf).softmax(dim=2) @ b
        seen = likeness.transpose(1, 2).masked_fill(~mask_a.unsqueeze(1), -torch.inf).softmax(dim=2) @ a
        parts = []
        for own, found, mask in ((a, sees, mask_a), (b, seen, mask_b)):
            x = self.compared(torch.cat([own, found, own - found, own * found], dim=2))
            y = self.composed(x, mask)
            parts += [mean(y, mask), highest(y, mask)]
        summary: Tensor = self.summary(torch.cat(parts, dim=1))
        return summary
