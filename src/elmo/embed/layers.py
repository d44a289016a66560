"""Layers of a sentence -> what the caller asked for: which layers, and one vector a token or a sentence."""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from elmo.errors import ConfigError

Layers = Literal["mean", "all", "top"] | int | Sequence[float]
Pooling = Literal["mean", "max"] | None
Choice = Callable[[Tensor], Tensor]


def choose_layers(layers: Layers, n_layers: int) -> Choice:
    """The function float (L, T, D) -> (T, D), or (L, T, D) for "all".

    Raises:
        ConfigError: there is no such layer, or not one weight a layer.
    """
    if layers == "mean":
        return lambda x: x.mean(dim=0)
    if layers == "all":
        return lambda x: x
    if layers == "top":
        return lambda x: x[-1]
    if isinstance(layers, int):
        if not -n_layers <= layers < n_layers:
            raise ConfigError(f"layers={layers}: this model has {n_layers} layers, 0 (tokens) to {n_layers - 1} (top)")
        return lambda x: x[layers]
    if isinstance(layers, str):
        raise ConfigError(f'layers={layers!r}; there are "mean", "all", "top", an index, or one weight a layer')
    weights = torch.tensor([float(weight) for weight in layers], dtype=torch.float64)
    if len(weights) != n_layers:
        raise ConfigError(f"layers: {len(weights)} weights for {n_layers} layers; give one weight a layer")
    return lambda x: torch.einsum("l,ltd->td", weights.to(x), x)


def pool_tokens(pooling: Pooling) -> Choice:
    """The function float (..., T, D) -> (..., D), or the identity for None; no tokens give zeros.

    Raises:
        ConfigError: there is no such pooling.
    """
    if pooling is None:
        return lambda x: x
    if pooling not in ("mean", "max"):
        raise ConfigError(f'pooling={pooling!r}; there are None, "mean" and "max"')

    def pool(x: Tensor) -> Tensor:
        if x.shape[-2] == 0:
            return x.new_zeros((*x.shape[:-2], x.shape[-1]))
        return x.mean(dim=-2) if pooling == "mean" else x.amax(dim=-2)

    return pool
