"""A text -> its label: the encoder, a summary of all tokens, one layer.

The summary is the maximum, the mean and a learned weighting of the tokens beside each other (Lin et al. 2017, one hop).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elmo.tasks.batches import Batch, TableSizes
from elmo.tasks.kinds.classify.settings import ClassifyConfig
from elmo.tasks.kinds.label_model import LabelModel
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.layers.pooling import highest, mean


class Classifier(LabelModel):
    """Texts with one label each, or any number of them; arguments as of `Tagger`."""

    def __init__(
        self, config: ClassifyConfig, labels: Sequence[str], tables: TableSizes, elmo: tuple[int, int] | None
    ) -> None:
        encoder = Encoder(config, tables, elmo)
        super().__init__(
            labels, encoder, multi_label=config.multi_label, ngrams=config.ngrams, thresholds=config.thresholds
        )
        self.attention = nn.Linear(self.encoder.width, 1)
        self.output = nn.Linear(3 * self.encoder.width, len(self.labels))

    def logits(self, batch: Batch) -> Tensor:
        """Float (B, K)."""
        return self.logits_of(self.last_layer(batch))

    @property
    def last_width(self) -> int:
        """3 * width."""
        return 3 * self.encoder.width

    def logits_of(self, last: Tensor) -> Tensor:
        """Float (B, 3 * width) -> (B, K)."""
        logits: Tensor = self.output(last)
        return logits

    def last_layer(self, batch: Batch) -> Tensor:
        """The summary, float (B, 3 * width)."""
        x = self.encoder(batch)  # (B, T, width)
        weights = self.attention(x).masked_fill(~batch.mask.unsqueeze(2), -torch.inf).softmax(dim=1)  # (B, T, 1)
        return torch.cat([highest(x, batch.mask), mean(x, batch.mask), (weights * x).sum(dim=1)], dim=1)
