"""The interface of a task model: a loss for training, predictions, scores."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.tasks.batches import Batch
from elmo.tasks.examples import Example
from elmo.tasks.layers.encoder import Encoder
from elmo.tasks.predictions import Prediction
from elmo.tasks.scoring.bootstrap import Counts

P = TypeVar("P", bound=Prediction)


class Confusion(NamedTuple):
    """Gold and predicted labels of an example, each by its position: a token, a span, a pair of concepts."""

    gold: dict[Hashable, str]
    predicted: dict[Hashable, str]


class TaskModel(nn.Module, Generic[P]):
    """A network for one kind of task, with predictions of type P."""

    main_score: str  # of `scores`, by which the best epoch is chosen
    encoder: Encoder

    def loss(self, batch: Batch) -> Tensor:
        """The loss of a batch, float ()."""
        raise NotImplementedError

    def predict(self, batch: Batch) -> list[P]:
        """A prediction for each example."""
        raise NotImplementedError

    def counts(self, examples: Sequence[Example], predicted: Sequence[P]) -> Counts:
        """The counts from which scores are computed, for each example (n, C); they can be summed."""
        raise NotImplementedError

    def scores(self, sums: Counts) -> dict[str, NDArray[np.float64]]:
        """Sums of counts (..., C) -> scores in percent, `main_score` among them."""
        raise NotImplementedError

    def predict_empty(self) -> P:
        """The prediction for a text without tokens."""
        raise NotImplementedError

    def finish(self, train: Sequence[Example], dev: Sequence[Example], batches: Iterator[Batch]) -> None:
        """Fit what needs the best weights, after the last epoch: calibration, n-grams.

        Args:
            batches: of one dev example each, in their order.
        """

    def calibration(self, examples: Sequence[Example], predicted: Sequence[P]) -> dict[str, float]:
        """Scores of the probabilities, by name."""
        return {}

    def confusions(self, examples: Sequence[Example], predicted: Sequence[P]) -> list[Confusion]:
        """Gold and predicted labels of each example, for the report; empty if the task has none."""
        return []
