"""The optimizers of a recipe: one for weights that have a gradient everywhere, one for the rows of a sampled softmax.

Rows that a step does not touch do not move and their moments do not fade (as TensorFlow's and PyTorch's sparse optimizers), so
a step costs the same with 30 thousand words and with 800 thousand.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import increment_version
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, SparseAdam

from elmo.errors import CheckpointError
from elmo.train.config import OptimizerConfig

BETAS = (0.9, 0.99)
_RATE_FACTOR = "rate_factor"  # the learning rate of a group of weights is multiplied by it; not stored


class WeightUpdate:
    """The optimizers of all weights, as one object.

    Args:
        dense: parameters whose `grad` is a whole tensor.
        rows: parameters whose `grad` is a sparse tensor of rows.
        rate_factors: multiply the learning rate of each of `dense` (discriminative rates, Howard & Ruder 2018); None: all 1.
    """

    def __init__(
        self,
        dense: Sequence[nn.Parameter],
        rows: Sequence[nn.Parameter],
        config: OptimizerConfig,
        rate_factors: Sequence[float] | None = None,
    ) -> None:
        self.dense, self.rows = list(dense), list(rows)
        self._parts = {"dense": _dense_optimizer(_groups(self.dense, rate_factors), config)}
        if self.rows:
            self._parts["rows"] = _row_optimizer(self.rows, config)

    def move(self, learning_rate: float) -> None:
        """One step with the current gradients."""
        with torch.sparse.check_sparse_tensor_invariants(False):  # type: ignore[no-untyped-call]
            for optimizer in self._parts.values():
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate * group.get(_RATE_FACTOR, 1.0)
                optimizer.step()
        increment_version(
            (*self.dense, *self.rows)
        )  # fused optimizers do not; `embed.engine` sees by it that weights moved

    def forget_gradients(self) -> None:
        """Drop the gradients of all weights."""
        for p in (*self.dense, *self.rows):
            p.grad = None

    def moments(self) -> dict[str, Tensor]:
        """The state of the optimizers under flat names, as a resume needs it."""
        return {
            f"{part}.{number}.{name}": torch.as_tensor(value)
            for part, optimizer in self._parts.items()
            for number, values in optimizer.state_dict()["state"].items()
            for name, value in values.items()
            if value is not None
        }

    def set_moments(self, moments: dict[str, Tensor], moved: bool, n_still: int = 0) -> None:
        """Restore the state that `moments` returned.

        Args:
            moved: whether the weights had moved before.
            n_still: of the dense weights, the last that had not.
        Raises:
            CheckpointError: they are of other optimizers or other weights.
        """
        sorted_out: dict[str, dict[int, dict[str, Tensor | int]]] = {part: {} for part in self._parts}
        for key, value in moments.items():
            part, number, name = [*key.split(".", 2), "", ""][:3]
            if part not in sorted_out or not number.isdecimal():
                raise CheckpointError(f"unknown state {key}")
            sorted_out[part].setdefault(int(number), {})[name] = value
        for part, optimizer in self._parts.items():
            values = sorted_out[part]
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            n_moved = len(parameters) - (n_still if part == "dense" else 0)
            _check_moments(values, parameters, _kept_by(optimizer), n_moved if moved else 0)
            if isinstance(optimizer, SparseAdam):
                values = {n: {**own, "step": int(own["step"])} for n, own in values.items()}
            optimizer.load_state_dict({"state": values, "param_groups": optimizer.state_dict()["param_groups"]})


def _kept_by(optimizer: Optimizer) -> set[str]:
    """Names of the optimizer state of a weight after its first step."""
    if isinstance(optimizer, SGD):
        return {"momentum_buffer"} if optimizer.defaults["momentum"] else set()
    return {"step", "sum"} if isinstance(optimizer, Adagrad) else {"step", "exp_avg", "exp_avg_sq"}


def _check_moments(
    values: dict[int, dict[str, Tensor | int]], parameters: Sequence[nn.Parameter], kept: set[str], n_moved: int
) -> None:
    """Refuse moments that an optimizer which keeps `kept` of each weight cannot have after moving the first `n_moved`."""
    for number, p in enumerate(parameters):
        own = values.get(number, {})
        if number < n_moved and set(own) != kept:
            raise CheckpointError(f"it has {sorted(own)} of weight {number}, expected {sorted(kept)}")
        for name, value in own.items():
            if name != "step" and isinstance(value, Tensor) and value.shape != p.shape:
                raise CheckpointError(f"{name} of weight {number} is {tuple(value.shape)}, expected {tuple(p.shape)}")
    if any(number >= len(parameters) for number in values):
        raise CheckpointError(f"it has {len(values)} weights, expected {len(parameters)}")


def _groups(parameters: Sequence[nn.Parameter], rate_factors: Sequence[float] | None) -> list[dict[str, Any]]:
    """Parameters in their order, neighbours with the same factor in one group."""
    pairs = zip(parameters, [1.0] * len(parameters) if rate_factors is None else rate_factors, strict=True)
    groups = groupby(pairs, key=itemgetter(1))
    return [{"params": [p for p, _ in some], _RATE_FACTOR: factor} for factor, some in groups]


def _dense_optimizer(parameters: list[dict[str, Any]], config: OptimizerConfig) -> Optimizer:
    rate = config.learning_rate
    match config.name:
        case "adagrad":  # bilm-tf's: accumulator from 1, no epsilon
            return Adagrad(parameters, lr=rate, initial_accumulator_value=1.0, eps=0.0)
        case "adam":
            return Adam(parameters, lr=rate, betas=BETAS, fused=True)
        case "adamw":
            return AdamW(parameters, lr=rate, betas=BETAS, weight_decay=config.weight_decay, fused=True)
        case "sgd":
            return SGD(parameters, lr=rate, momentum=config.momentum, weight_decay=config.weight_decay, fused=True)


def _row_optimizer(parameters: list[nn.Parameter], config: OptimizerConfig) -> Optimizer:
    rate = config.learning_rate
    match config.name:
        case "adagrad":
            return Adagrad(parameters, lr=rate, initial_accumulator_value=1.0, eps=0.0)
        case "adam" | "adamw":
            return SparseAdam(parameters, lr=rate, betas=BETAS)
        case "sgd":
            return SGD(parameters, lr=rate)
