"""A text -> its label: the biattentive classification network (McCann et al. 2017, section 5).

Peters et al. 2018 classify sentiment with it: a layer of ReLUs on each token, the encoder's LSTM; each token attends to all
tokens of the text; a second LSTM reads the token, its difference from what it attended to and the product of both; four
poolings of the tokens are concatenated; maxout layers classify. There is no batch normalisation, so a text's predictions do
not depend on the other texts of its batch.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elmo.tasks.batches import Batch, TableSizes
from elmo.tasks.kinds.classify.settings import ClassifyConfig
from elmo.tasks.kinds.label_model import LabelModel
from elmo.tasks.layers.bilstm import BiLSTM
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.layers.pooling import highest, lowest, mean
from elmo.tasks.layers.unit_dropout import UnitDropout

_PIECES = 4  # of each unit of a maxout layer, as published


def attend_to_itself(x: Tensor, mask: Tensor) -> Tensor:
    """Self-attention: for each token the mean of all tokens, weighted by the softmax of their products with it.

    Biattention of a sequence with itself: both directions of the paper are then the same.

    Args:
        x: float (B, T, F). mask: bool (B, T), True = token.
    Returns:
        float (B, T, F); padding is of no meaning.
    """
    likeness = x @ x.transpose(1, 2)  # (B, T, T)
    return likeness.masked_fill(~mask.unsqueeze(1), -torch.inf).softmax(dim=2) @ x


class Maxout(nn.Module):
    """A layer whose units are each the largest of some linear pieces (Goodfellow et al. 2013)."""

    def __init__(self, n_features: int, n_units: int) -> None:
        super().__init__()
        self.pieces = nn.Linear(n_features, _PIECES * n_units)

    def forward(self, x: Tensor) -> Tensor:
        """Float (..., F) -> float (..., n_units)."""
        largest: Tensor = self.pieces(x).unflatten(-1, (_PIECES, -1)).amax(dim=-2)
        return largest


class BiattentiveClassifier(LabelModel):
    """Texts with one label each, or any number of them; arguments as of `Tagger`."""

    def __init__(
        self, config: ClassifyConfig, labels: Sequence[str], tables: TableSizes, elmo: tuple[int, int] | None
    ) -> None:
        H = config.cell_size
        encoder = Encoder(config, tables, elmo, n_units=H)
        super().__init__(
            labels, encoder, multi_label=config.multi_label, ngrams=config.ngrams, thresholds=config.thresholds
        )
        self.integrator = BiLSTM(3 * self.encoder.width, H)
        self.attention = nn.Linear(2 * H, 1)
        self._last_width = 2 * H
        layers: list[nn.Module] = []
        for n_features, n_units in ((8 * H, 4 * H), (4 * H, 2 * H), (2 * H, len(self.labels))):
            layers += [UnitDropout(config.dropout), Maxout(n_features, n_units)]
        self.output = nn.Sequential(*layers)

    def logits(self, batch: Batch) -> Tensor:
        """Float (B, K)."""
        return self.logits_of(self.last_layer(batch))

    @property
    def last_width(self) -> int:
        """2H."""
        return self._last_width

    def logits_of(self, last: Tensor) -> Tensor:
        """The last maxout layer: float (B, 2H) -> (B, K)."""
        logits: Tensor = self.output[-1](last)
        return logits

    def last_layer(self, batch: Batch) -> Tensor:
        """What the last maxout layer reads, float (B, 2H)."""
        x, mask = self.encoder(batch), batch.mask  # (B, T, F)
        seen = attend_to_itself(x, mask)
        compared = torch.cat([x, x - seen, x * seen], dim=2)  # (B, T, 3F)
        y = self.integrator(compared, mask)
        weights = self.attention(y).masked_fill(~mask.unsqueeze(2), -torch.inf).softmax(dim=1)  # (B, T, 1)
        summary = torch.cat([highest(y, mask), lowest(y, mask), mean(y, mask), (weights * y).sum(dim=1)], dim=1)
        last: Tensor = self.output[:-1](summary)
        return last
