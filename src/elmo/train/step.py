"""One optimizer step: learning rate, gradient clipping, update; used by pretraining and tasks."""

import math

import torch

from elmo.train.config import OptimizerConfig
from elmo.train.optimizers import WeightUpdate


def learning_rate_at(step: int, n_steps: int, config: OptimizerConfig) -> float:
    """Learning rate of step `step` (from 0) of `n_steps`: a straight line up over the warm-up, then the schedule."""
    since = step - config.warmup_steps
    if since < 0:
        return config.learning_rate * (step + 1) / (config.warmup_steps + 1)
    done = min(1.0, since / max(1, n_steps - config.warmup_steps))
    match config.schedule:
        case "linear":
            left = 1.0 - done
        case "cosine":
            left = 0.5 * (1.0 + math.cos(math.pi * done))
        case "constant":
            return config.learning_rate
        case "inverse_sqrt":
            return config.learning_rate * math.sqrt(max(1, config.warmup_steps) / max(1, step))
    return config.learning_rate * (config.final_share + (1.0 - config.final_share) * left)


@torch.no_grad()
def take_step(update: WeightUpdate, learning_rate: float, clip_norm: float) -> float:
    """Clip the gradients, update the weights, and drop the gradients.

    Args:
        clip_norm: a gradient of all weights together with a larger norm is scaled down to it.
    Returns:
        the norm of the gradient before clipping; where it is not finite, nothing has moved.
    """
    gradients = [p.grad for p in (*update.dense, *update.rows) if p.grad is not None]
    values = [g._values() if g.is_sparse else g for g in gradients]  # of sparse rows, each row once
    norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(values)).double()))
    if math.isfinite(norm):
        if norm > clip_norm:
            torch._foreach_mul_(values, clip_norm / norm)
        update.move(learning_rate)
    update.forget_gradients()
    return norm
