"""Dynamic evaluation: a gradient step on the text just read, before the next is predicted (Krause et al. 2018).

The text is read in segments s_1, s_2, ... Each is predicted by the weights as they are, which is its figure; then they take one
step (sections 4 and 5 of the paper, RMS dynamic evaluation with a decay towards the global weights):

    theta <- theta - eta grad L(s_i) / (sqrt(MS) + epsilon) + min(1, lambda RMS_norm) * (theta_g - theta)
    RMS_norm = sqrt(MS) / mean of sqrt(MS) over all weights

L is the mean loss of the segment, theta_g are the trained weights, and MS is the mean of the squared gradients of segments at the
trained weights: in the paper of the training text, here of another text if one is given. Otherwise MS is the mean over the
segments of the text itself that have been read so far, at the weights of that time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from elmo.train.long_memory.settings import DynamicConfig


@dataclass
class GradientSquares:
    """MS: the mean of the squared gradients of segments, tensor by tensor."""

    sums: list[Tensor] = field(default_factory=list)
    n_segments: int = 0

    def add(self, gradients: Sequence[Tensor]) -> None:
        """Count the gradients of one more segment."""
        if not self.sums:
            self.sums = [torch.zeros_like(g) for g in gradients]
        for own, g in zip(self.sums, gradients, strict=True):
            own.addcmul_(g, g)
        self.n_segments += 1

    def root(self) -> list[Tensor]:
        """sqrt(MS)."""
        return [(own / self.n_segments).sqrt_() for own in self.sums]


@dataclass(frozen=True)
class StepSizes:
    """What a step takes of the gradient and of the way back to the trained weights, number by number."""

    rates: list[Tensor]  # eta / (sqrt(MS) + epsilon)
    decays: list[Tensor]  # min(1, lambda RMS_norm), in 0..1


def step_sizes(root: Sequence[Tensor], settings: DynamicConfig) -> StepSizes:
    """The sizes of a step, from sqrt(MS)."""
    mean = sum(float(r.sum(dtype=torch.float64)) for r in root) / sum(r.numel() for r in root)
    decay = settings.decay / mean if mean > 0 else 0.0
    return StepSizes(
        [settings.learning_rate / (r + settings.epsilon) for r in root], [(r * decay).clamp_(max=1) for r in root]
    )


@torch.no_grad()
def take_step(
    weights: Sequence[Tensor], gradients: Sequence[Tensor], trained: Sequence[Tensor], sizes: StepSizes
) -> None:
    """Change the weights by one step; the way back is from the weights before it."""
    for own, g, start, rate, decay in zip(weights, gradients, trained, sizes.rates, sizes.decays, strict=True):
        own.lerp_(start, decay).addcmul_(g, rate, value=-1)
