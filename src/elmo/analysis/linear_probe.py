"""A linear probe: multinomial logistic regression with an L2 penalty on frozen vectors (Alain & Bengio 2017)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Vectors = NDArray[np.float32]  # (N, D)
Labels = NDArray[np.int64]  # (N,), from 0

FEW = 10_000  # up to this many examples are fitted as one batch by L-BFGS
STRENGTHS_OF_FEW = (1.0, 0.1, 0.01, 0.001, 0.0001)  # strengths of the penalty, from strong to weak
STRENGTHS_OF_MANY = (0.01, 0.001, 0.0001)
_ITERATIONS = 60  # iterations of L-BFGS for each strength
_STEPS, _BATCH = 1000, 512  # steps and batch size of Adam
_LEARNING_RATE, _BETAS = 0.01, (0.9, 0.999)


class LinearProbe(NamedTuple):
    """A fitted probe."""

    weights: Tensor  # float32 (D, K)
    bias: Tensor  # float32 (K,)
    strength: float  # the chosen strength of the penalty
    dev_accuracy: float  # in percent

    def predict(self, x: Vectors) -> Labels:
        """The most probable label of each of (N, D): int64 (N,)."""
        scores = torch.addmm(self.bias, torch.from_numpy(np.ascontiguousarray(x, np.float32)), self.weights)  # (N, K)
        found: Labels = scores.argmax(dim=1).numpy()
        return found


def fit_linear(
    x: Vectors, y: Labels, n_labels: int, dev: tuple[Vectors, Labels], strengths: Sequence[float] = (), seed: int = 0
) -> LinearProbe:
    """Minimise mean cross-entropy + strength / 2 * |weights|^2; features are scaled to mean 0 and deviation 1.

    The problem is convex; scikit-learn's C is 1 / (strength * N). Up to 10,000 examples are fitted by L-BFGS on all of them; more
    examples are fitted approximately by Adam (Kingma & Ba 2015) on batches, with a learning rate that falls to 0.

    Args:
        x, y: float32 (N, D), int64 (N,): the training examples. n_labels: K.
        dev: examples to choose the strength on, by accuracy; of equal ones the strongest is chosen.
        strengths: from strong to weak; empty: the defaults for few or many examples.
        seed: of the order of the batches.
    """
    few = len(x) <= FEW
    strengths = strengths or (STRENGTHS_OF_FEW if few else STRENGTHS_OF_MANY)
    mean, deviation = torch.from_numpy(x.mean(axis=0)), torch.from_numpy(x.std(axis=0))
    scale = torch.where(deviation > 1e-6, 1 / deviation, 0.0)  # a constant feature is ignored
    scaled, gold = torch.from_numpy(x).sub(mean).mul_(scale), torch.from_numpy(y)  # (N, D), (N,)
    found = _at_once(scaled, gold, n_labels, strengths) if few else _batches(scaled, gold, n_labels, strengths, seed)
    probes = []
    for strength, (weights, bias) in zip(strengths, found, strict=True):
        own = weights * scale[:, None]  # (D, K), for unscaled vectors
        probe = LinearProbe(own, bias - mean @ own, strength, float("nan"))
        probes.append(probe._replace(dev_accuracy=100 * float((probe.predict(dev[0]) == dev[1]).mean())))
    return max(probes, key=lambda probe: (probe.dev_accuracy, probe.strength))


def _at_once(x: Tensor, y: Tensor, n_labels: int, strengths: Sequence[float]) -> list[tuple[Tensor, Tensor]]:
    """Weights (D, K) and biases (K,) for each strength; each fit starts from the previous one."""
    weights, bias = parameters = [
        torch.zeros(shape, requires_grad=True) for shape in ((x.shape[1], n_labels), n_labels)
    ]
    found = []
    for strength in strengths:
        optimizer = torch.optim.LBFGS(
            parameters, max_iter=_ITERATIONS, tolerance_grad=1e-5, tolerance_change=1e-7, line_search_fn="strong_wolfe"
        )

        def loss(optimizer: torch.optim.LBFGS = optimizer, strength: float = strength) -> Tensor:
            optimizer.zero_grad()
            found = torch.nn.functional.cross_entropy(torch.addmm(bias, x, weights), y)
            found = found + strength / 2 * weights.square().sum()
            found.backward()  # type: ignore[no-untyped-call]
            return found

        optimizer.step(loss)  # type: ignore[no-untyped-call]
        found.append((weights.detach().clone(), bias.detach().clone()))
    return found


@torch.no_grad()
def _batches(x: Tensor, y: Tensor, n_labels: int, strengths: Sequence[float], seed: int) -> list[tuple[Tensor, Tensor]]:
    """The same on batches, for all strengths at once."""
    N, D = x.shape
    S, K, B = len(strengths), n_labels, _BATCH
    penalty = torch.tensor(strengths).repeat_interleave(K)  # (S * K,)
    generator = torch.Generator().manual_seed(seed)
    parameters = torch.zeros(D + 1, S * K)  # the biases last
    moments = [torch.zeros_like(parameters) for _ in _BETAS]
    order, at = torch.randperm(N, generator=generator), 0
    for step in range(1, _STEPS + 1):
        if at + B > N:
            order, at = torch.randperm(N, generator=generator), 0
        rows, at = order[at : at + B], at + B
        batch = x[rows]  # (B, D)
        error = torch.addmm(parameters[D], batch, parameters[:D]).view(B, S, K).softmax(dim=2)  # (B, S, K)
        error[torch.arange(B), :, y[rows]] -= 1
        error = error.view(B, S * K) / B
        gradient = torch.cat([torch.addmm(penalty * parameters[:D], batch.t(), error), error.sum(dim=0, keepdim=True)])
        moments[0].lerp_(gradient, 1 - _BETAS[0])
        moments[1].lerp_(gradient.square(), 1 - _BETAS[1])
        first, second = (m / (1 - beta**step) for m, beta in zip(moments, _BETAS, strict=True))
        parameters -= _LEARNING_RATE * (1 - (step - 1) / _STEPS) * first / (second.sqrt() + 1e-8)
    weights, bias = parameters[:D].view(D, S, K), parameters[D].view(S, K)
    return [(weights[:, i], bias[i]) for i in range(S)]


def draw_parts(groups: NDArray[np.int64], seed: int) -> tuple[Labels, Labels]:
    """Draw nine tenths for training and one tenth for choosing the strength; a group is never split.

    Args:
        groups: int64 (N,), the group of each example.
    Returns:
        the indices of the examples of each part, in order; with a single group both parts are all examples.
    """
    different = np.unique(groups)
    if len(different) < 2:
        return np.arange(len(groups)), np.arange(len(groups))
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(different)[: max(1, len(different) // 10)]
    of_dev = np.isin(groups, chosen)
    return np.flatnonzero(~of_dev), np.flatnonzero(of_dev)
