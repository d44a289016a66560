"""One update: gradient, clip, optimizer; pretraining and tasks share it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from elmo.errors import TrainingError
from elmo.train.config import OptimizerConfig


def make_optimizer(parameters: Sequence[nn.Parameter], config: OptimizerConfig) -> Optimizer:
    """The optimizer of a recipe: Adagrad as bilm-tf's (accumulator from 1, no epsilon), or Adam."""
    if config.name == "adagrad":
        return torch.optim.Adagrad(parameters, lr=config.learning_rate, initial_accumulator_value=1.0, eps=0.0)
    return torch.optim.Adam(parameters, lr=config.learning_rate, betas=(0.9, 0.99), fused=True)


def learning_rate_at(step: int, n_steps: int, config: OptimizerConfig) -> float:
    """Learning rate of step `step` (from 0) of `n_steps`: a straight line up over the warm-up, a straight line down after."""
    rise = min(1.0, (step + 1) / (config.warmup_steps + 1))
    done = max(0.0, (step - config.warmup_steps) / max(1, n_steps - config.warmup_steps))
    return config.learning_rate * rise * (1.0 - (1.0 - config.final_share) * min(1.0, done))


def take_step(loss: Tensor, optimizer: Optimizer, learning_rate: float, clip_norm: float) -> float:
    """Move the weights down the gradient of a loss.

    Args:
        loss: float (), to be minimised.
        clip_norm: a gradient of all weights together with a larger norm is scaled down to it.
    Returns:
        the norm of the gradient before clipping.
    Raises:
        TrainingError: the loss or its gradient is not finite; the weights are untouched.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    norm = float(nn.utils.clip_grad_norm_(parameters, clip_norm))
    if not norm < float("inf"):
        raise TrainingError(
            f"loss {float(loss.detach()):.4g} with gradient norm {norm:.4g}: not finite; "
            "start a new run with a lower optimizer.learning_rate"
        )
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    return norm
