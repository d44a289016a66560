"""How far the layers of a model are from those of its teacher: the model it began from, which reads the words without errors.

A student that reads typing errors learns so what its teacher makes of the words that were meant (Hinton et al. 2015; of layers
instead of predictions: Romero et al. 2015), and keeps what it knew: where nothing is mistyped or dropped it is its teacher still.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from elmo.model.bilm import BiLM

_SHORTEST = 1e-6  # squared length of a vector, that nothing is divided by zero


class Teaching(NamedTuple):
    """What a student is measured by beside the text."""

    teacher: BiLM  # its weights stay as they are
    share: float  # of the loss


def distances_of_places(student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
    """How far one direction of a student is from its teacher at each place.

    Args:
        student, teacher: float (B, T, P) each, token layer first.
    Returns:
        float (B * T,), squared distance by the teacher's squared length, mean of the layers.
    """
    shares = [
        (own - right).square().sum(dim=2) / right.square().sum(dim=2).clamp_min(_SHORTEST)  # (B, T)
        for own, right in zip(student, teacher, strict=True)
    ]
    return torch.stack(shares).mean(dim=0).reshape(-1)
