"""Tokens -> one vector, padding left out."""

import torch
from torch import Tensor


def highest(x: Tensor, mask: Tensor) -> Tensor:
    """The maximum over tokens of each feature; 0 where there is no token.

    Args:
        x: float (B, T, F). mask: bool (B, T).
    Returns:
        float (B, F).
    """
    found = x.masked_fill(~mask.unsqueeze(2), -torch.inf).amax(dim=1)
    return found.masked_fill(~mask.any(dim=1, keepdim=True), 0.0)


def lowest(x: Tensor, mask: Tensor) -> Tensor:
    """The minimum over tokens of each feature; shapes as of `highest`."""
    return -highest(-x, mask)


def mean(x: Tensor, mask: Tensor) -> Tensor:
    """The mean over tokens; shapes as of `highest`."""
    kept = mask.unsqueeze(2).to(x.dtype)
    return (x * kept).sum(dim=1) / kept.sum(dim=1).clamp(min=1)
