"""Two texts -> a label (entailment, paraphrase), or a number (similarity)."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.tasks.batches import Batch, TableSizes
from elmo.tasks.examples import Example
from elmo.tasks.kinds.label_model import LabelModel
from elmo.tasks.kinds.pair.settings import PairConfig
from elmo.tasks.kinds.task_model import TaskModel
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.layers.pair_encoder import PairEncoder
from elmo.tasks.predictions import Scored
from elmo.tasks.scoring.bootstrap import Counts


def _summary(model: "PairClassifier | PairScorer", batch: Batch) -> Tensor:
    """The vector of both texts of each example: float (B, F)."""
    other = batch.other
    assert other is not None
    summary: Tensor = model.pair(model.encoder(batch), model.encoder(other), batch.mask, other.mask)
    return summary


class PairClassifier(LabelModel):
    """Pairs with one label each; arguments as of `Tagger`."""

    def __init__(
        self, config: PairConfig, labels: Sequence[str], tables: TableSizes, elmo: tuple[int, int] | None
    ) -> None:
        super().__init__(labels, Encoder(config, tables, elmo))
        self.pair = PairEncoder(config, self.encoder.width)
        self.output = nn.Linear(self.pair.width, len(self.labels))

    def logits(self, batch: Batch) -> Tensor:
        """Float (B, K)."""
        logits: Tensor = self.output(_summary(self, batch))
        return logits


class PairScorer(TaskModel[Scored]):
    """Pairs with a number each. The loss is the squared error in deviations of the training numbers.

    Args:
        labels: the mean and the deviation of the training numbers, as text.
    """

    main_score = "pearson"

    def __init__(
        self, config: PairConfig, labels: Sequence[str], tables: TableSizes, elmo: tuple[int, int] | None
    ) -> None:
        super().__init__()
        self.labels = list(labels)
        self._mean, self._deviation = map(float, labels)
        self.encoder = Encoder(config, tables, elmo)
        self.pair = PairEncoder(config, self.encoder.width)
        self.output = nn.Linear(self.pair.width, 1)

    def loss(self, batch: Batch) -> Tensor:
        """The mean squared error in deviations, and the penalty of the encoder."""
        gold = torch.tensor([float(e.labels[0]) for e in batch.examples])
        error = self.output(_summary(self, batch)).squeeze(1) - (gold - self._mean) / self._deviation
        loss: Tensor = error.square().mean() + self.encoder.penalty()
        return loss

    def predict(self, batch: Batch) -> list[Scored]:
        """The number of each pair."""
        found = self._mean + self._deviation * self.output(_summary(self, batch)).squeeze(1)
        return [Scored(value) for value in found.tolist()]

    def predict_empty(self) -> Scored:
        """The mean."""
        return Scored(self._mean)

    def counts(self, examples: Sequence[Example], predicted: Sequence[Scored]) -> Counts:
        """For each pair: 1, x, y, x x, y y, x y of the gold number x and the predicted one y."""
        x = np.array([float(e.labels[0]) for e in examples]) - self._mean
        y = np.array([p.score for p in predicted]) - self._mean
        return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)

    def scores(self, sums: Counts) -> dict[str, NDArray[np.float64]]:
        """pearson: 100 r; rmse: root of the mean squared error, in the unit of the numbers."""
        n, x, y, xx, yy, xy = (sums[..., i] for i in range(6))
        varied = (n * xx - x * x).clip(0) * (n * yy - y * y).clip(0)
        r = (n * xy - x * y) / np.sqrt(np.where(varied > 0, varied, np.inf))
        return {"pearson": 100 * r, "rmse": np.sqrt(((xx - 2 * xy + yy) / np.maximum(1, n)).clip(0))}
