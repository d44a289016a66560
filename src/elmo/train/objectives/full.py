"""The full softmax: each position is scored against every word."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.model.encoders.state import BiLMState
from elmo.model.output.softmax import Softmax
from elmo.train.data.window_tensors import Outputs, WindowTensors, all_outputs
from elmo.train.objectives.objective import Objective, StepWeights
from elmo.train.objectives.sampled import losses_against_rows
from elmo.train.objectives.window_layers import WindowLayers


class FullObjective(Objective):
    """The objective of a full softmax: every word is a negative, so the sampled loss is the cross-entropy over the vocabulary.

    Args:
        precision: of matrix products; None: that of the weights.
    """

    replayable = True

    def __init__(self, softmax: Softmax, precision: torch.dtype | None) -> None:
        self._softmax, self._precision = softmax, precision
        self.parameters = [softmax.weight, softmax.bias]

    def draw(self, targets: NDArray[np.int64], rng: np.random.Generator) -> Outputs:
        """All words; nothing is drawn."""
        return all_outputs(targets, self._softmax.n_words)

    def gather(self, drawn: Outputs) -> StepWeights:
        """The parameters themselves."""
        return self._softmax.weight, self._softmax.bias

    def loss(
        self, layers: WindowLayers, given: WindowTensors, state: BiLMState, weights: StepWeights
    ) -> tuple[Tensor, Tensor]:
        """See `Objective.loss`."""
        weight, bias = weights
        return losses_against_rows(layers, given, weight, bias, self._precision)
