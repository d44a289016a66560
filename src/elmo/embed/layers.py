"""Layers of a sentence -> the requested layers or mix, and one vector per token or per sentence."""

import operator
from collections.abc import Callable, Sequence
from typing import Literal, SupportsIndex

import numpy as np
import torch
from torch import Tensor

from elmo.errors import ConfigError

Layers = Literal["mean", "sum", "all", "top"] | int | Sequence[float]
Pooling = Literal["mean", "max"] | None
Choice = Callable[[Tensor], Tensor]


def choose_layers(layers: Layers, n_layers: int) -> Choice:
    """The function float (L, T, D) -> (T, D), or (L, T, D) for "all".

    Raises:
        ConfigError: there is no such layer, or not one weight per layer.
    """
    if isinstance(layers, str):
        named: dict[str, Choice] = {
            "mean": lambda x: x.mean(dim=0),
            "sum": lambda x: x.sum(dim=0),  # SeqVec
            "all": lambda x: x,
            "top": lambda x: x[-1],
        }
        if layers not in named:
            raise ConfigError(
                f'layers={layers!r}; choose "mean", "sum", "all", "top", an index, or one weight per layer'
            )
        return named[layers]
    if isinstance(layers, SupportsIndex) and not isinstance(layers, bool) and not np.ndim(layers):
        number = operator.index(layers)
        if not -n_layers <= number < n_layers:
            raise ConfigError(f"layers={number}: this model has {n_layers} layers, 0 (tokens) to {n_layers - 1} (top)")
        return lambda x: x[number]
    try:
        weights = torch.tensor([float(weight) for weight in layers], dtype=torch.float64)  # type: ignore[union-attr]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"layers={layers!r:.80}; give a name, an index, or one weight per layer") from error
    if len(weights) != n_layers:
        raise ConfigError(f"layers: {len(weights)} weights for {n_layers} layers; give one weight per layer")
    if not bool(torch.isfinite(weights).all()):
        raise ConfigError(f"layers={weights.tolist()}: weights must be finite")
    return lambda x: torch.einsum("l,ltd->td", weights.to(x), x)


def pool_tokens(pooling: Pooling) -> Choice:
    """The function float (..., T, D) -> (..., D), or the identity for None; no tokens give zeros.

    Raises:
        ConfigError: there is no such pooling.
    """
    if pooling is None:
        return lambda x: x
    if pooling not in ("mean", "max"):
        raise ConfigError(f'pooling={pooling!r}; choose None, "mean" and "max"')

    def pool(x: Tensor) -> Tensor:
        if x.shape[-2] == 0:
            return x.new_zeros((*x.shape[:-2], x.shape[-1]))
        return x.mean(dim=-2) if pooling == "mean" else x.amax(dim=-2)

    return pool
