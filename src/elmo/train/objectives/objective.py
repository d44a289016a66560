"""The training objective of pretraining: it draws the negatives of a step, computes the loss and collects its gradients.

To add one, write a class with a `loss`, override what else differs, and give it to `pretrain(..., objective=...)`; the recipes'
own are chosen in `choose.py`. A step calls, in this order:

    draw      targets -> the words that the step looks at            without weights, on a thread of its own where there is a GPU
    gather    words -> the tensors that the loss differentiates      once a step
    derive    of these, what the model itself computes               once for each part of the rows, before the part is read
    loss      layers -> nats of each position, both directions       once for each part of the rows
    collect   gradients of gathered tensors -> the output layer      once a step, after all backward passes
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.model.encoders.state import BiLMState
from elmo.train.data.window_tensors import Outputs, WindowTensors, all_outputs
from elmo.train.objectives.window_layers import WindowLayers
from elmo.train.ranks import Ranks

StepWeights = tuple[Tensor, ...]  # what `gather` gives and `loss` reads


class Objective(ABC):
    """The loss that a step minimizes. The attributes say what the trainer must prepare."""

    parameters: Sequence[nn.Parameter] = ()  # of the output layer, each with a gradient at every step
    sparse_parameters: Sequence[nn.Parameter] = ()  # of the output layer, whose gradient is a sparse tensor of rows
    replayable = False  # the same kernels at every step, so that a GPU can record them once (`graphed_losses.py`)
    max_gathered = 0  # rows that `gather` copies, at most; 0: it gives the parameters themselves
    terms: Sequence[str] = ()  # names of the parts of the loss that the log shows each by itself

    def draw(self, targets: NDArray[np.int64], rng: np.random.Generator) -> Outputs:
        """The targets of a window and their negatives; must not depend on weights.

        Args:
            targets: int64 (2, B, T), vocabulary ids, forward and backward.
            rng: of this step alone.
        """
        return all_outputs(targets, 0)

    def gather(self, drawn: Outputs) -> StepWeights:
        """The tensors of the output layer that this step reads; leaves, so that they collect a gradient."""
        return ()

    def derive(self, weights: StepWeights) -> StepWeights:
        """The gathered tensors as `loss` reads them, for one backward pass; those of a tied softmax are made by the model."""
        return weights

    @abstractmethod
    def loss(
        self, layers: WindowLayers, given: WindowTensors, state: BiLMState, weights: StepWeights
    ) -> tuple[Tensor, ...]:
        """Loss of some rows of a window.

        Args:
            layers: what the model made of them.
            given: the rows. state: before the window. weights: from `derive`.
        Returns:
            loss_nats of the forward and the backward LM, float (B * T,) each; then for each of `terms` its sum and how much it is
            the sum of, float (2,).
        """

    def collect(self, weights: StepWeights, drawn: Outputs, ranks: Ranks) -> None:  # noqa: B027  # most have none
        """Set the gradients of `sparse_parameters` from those of gathered tensors, summed over all ranks."""

    def refresh(self) -> None:  # noqa: B027  # most need none
        """Bring the output layer up to date before it is evaluated or saved."""

    def own_tensors(self) -> dict[str, Tensor]:
        """What the objective has learned beside the model, by name; checkpoints keep it, and a resume copies it back."""
        return {}


class AroundObjective(Objective):
    """An objective that adds to another one, and is like it in all but the loss.

    Args:
        inner: the other one. counts: False: it counts for nothing, and its output layer stays as it is.
    """

    def __init__(self, inner: Objective, counts: bool) -> None:
        self._inner, self._counts = inner, counts
        if counts:
            self.parameters, self.sparse_parameters = inner.parameters, inner.sparse_parameters

    def draw(self, targets: NDArray[np.int64], rng: np.random.Generator) -> Outputs:
        """As the inner objective draws."""
        return self._inner.draw(targets, rng)

    def gather(self, drawn: Outputs) -> StepWeights:
        """As the inner objective gathers."""
        return self._inner.gather(drawn)

    def derive(self, weights: StepWeights) -> StepWeights:
        """As the inner objective does."""
        return self._inner.derive(weights)

    def collect(self, weights: StepWeights, drawn: Outputs, ranks: Ranks) -> None:
        """As the inner objective collects."""
        if self._counts:
            self._inner.collect(weights, drawn, ranks)

    def refresh(self) -> None:
        """As the inner objective does."""
        self._inner.refresh()
