"""The adaptive softmax: rare words in clusters with smaller vectors (Grave et al. 2017)."""

import torch
from torch import Tensor

from elmo.model.encoders.state import BiLMState
from elmo.model.output.adaptive_softmax import AdaptiveSoftmax
from elmo.train.data.window_tensors import WindowTensors
from elmo.train.objectives.objective import Objective, StepWeights
from elmo.train.objectives.window_layers import WindowLayers


class AdaptiveObjective(Objective):
    """The objective of an adaptive softmax: a step draws and gathers nothing, the output layer selects the words itself.

    Args:
        precision: of matrix products; None: that of the weights.
    """

    def __init__(self, softmax: AdaptiveSoftmax, precision: torch.dtype | None) -> None:
        self._softmax, self._precision = softmax, precision
        self.parameters = list(softmax.parameters())

    def loss(
        self, layers: WindowLayers, given: WindowTensors, state: BiLMState, weights: StepWeights
    ) -> tuple[Tensor, Tensor]:
        """See `Objective.loss`."""
        forward, backward = (
            self._softmax.loss(x, what.target_at, self._precision)
            for x, what in zip(layers.tops(), given.targets, strict=True)
        )
        return forward, backward
