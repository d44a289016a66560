"""Distillation: the distance of a model's layers from those of its teacher, combined with another objective.

The teacher is the model that the run began from, and reads the words without errors. So a student that reads typing errors
learns the layers of its teacher for the intended words (Hinton et al. 2015; layers instead of predictions: Romero et al. 2015),
and keeps what it knew: where nothing is mistyped or dropped, it starts equal to its teacher.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from elmo.model.bilm import BiLM
from elmo.model.dropout import NO_DROPOUT
from elmo.model.encoders.state import BiLMState
from elmo.train.data.window_tensors import WindowTensors
from elmo.train.objectives.objective import AroundObjective, Objective, StepWeights
from elmo.train.objectives.window_layers import WindowLayers, window_layers

_SHORTEST = 1e-6  # squared length of a vector, that nothing is divided by zero


def relative_distances(student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
    """The distance of one direction of a student from its teacher at each position.

    Args:
        student, teacher: float (B, T, P) each, token layer first.
    Returns:
        float (B * T,), squared distance by the teacher's squared length, mean of the layers.
    """
    relative = [
        (own - right).square().sum(dim=2) / right.square().sum(dim=2).clamp_min(_SHORTEST)  # (B, T)
        for own, right in zip(student, teacher, strict=True)
    ]
    return torch.stack(relative).mean(dim=0).reshape(-1)


class DistilledObjective(AroundObjective):
    """weight x distance from the teacher + (1 - weight) x the inner objective's loss.

    Args:
        inner: what the text is predicted by; with a weight of 1 it counts for nothing and its output layer stays as it is.
        teacher: its weights stay as they are.
        weight: of the distance, above 0, at most 1.
        precision: of matrix products; None: that of the weights.
    """

    def __init__(self, inner: Objective, teacher: BiLM, weight: float, precision: torch.dtype | None) -> None:
        super().__init__(inner, counts=weight < 1)
        self._teacher, self._weight, self._precision = teacher, weight, precision

    def loss(
        self, layers: WindowLayers, given: WindowTensors, state: BiLMState, weights: StepWeights
    ) -> tuple[Tensor, Tensor]:
        """See `Objective.loss`; the teacher reads on from the same state."""
        with torch.no_grad():
            right = window_layers(self._teacher, given.spelled_right(), state, NO_DROPOUT, self._precision)
        forward = self._weight * relative_distances(layers.forward, right.forward)
        backward = self._weight * relative_distances(layers.backward, right.backward)
        if self._weight == 1:
            return forward, backward
        nats = self._inner.loss(layers, given, state, weights)
        return forward + (1 - self._weight) * nats[0], backward + (1 - self._weight) * nats[1]
