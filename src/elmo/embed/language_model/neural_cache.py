"""A neural cache: words that followed similar states a short while ago are likelier (Grave, Joulin and Usunier 2017).

The cache holds the last N states h_i of one direction, each with the word x_(i+1) that came after it. Section 3 of the paper:

    p_cache(w | h_1..t, x_1..t) is proportional to the sum over i < t of 1[w = x_(i+1)] exp(theta h_t . h_i)
    p(w | h_1..t, x_1..t) = (1 - lambda) p_vocab(w | h_t) + lambda p_cache(w | h_1..t, x_1..t)

h is the top state of the direction, over which the softmax is computed. "After" is in the order in which the direction reads, and
the boundary of a sentence and `<UNK>` are words like any other. Before the first word the cache is empty, and p is p_vocab. No
weight is trained or changed.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from torch import Tensor

_SCORES = 2**22  # states x cached states that are compared at once


class CacheConfig(BaseModel, frozen=True, extra="forbid"):
    """Settings of a neural cache."""

    size: Annotated[int, Field(gt=0, le=2**20)] = 2000  # N, states that are kept
    theta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.1  # 0: all cached words count alike
    weight: Annotated[float, Field(ge=0, lt=1)] = 0.2  # lambda


class CachedStates(NamedTuple):
    """What a cache holds, the oldest first; nothing is written to."""

    states: Tensor  # float (n, P), n <= N
    words: Tensor  # int64 (n,), the word after each


def empty_cache(like: Tensor) -> CachedStates:
    """A cache without states, for states of the width, dtype and device of `like`: float (T, P)."""
    return CachedStates(like[:0].detach(), torch.zeros(0, dtype=torch.int64, device=like.device))


@torch.no_grad()
def cache_probabilities(
    cache: CachedStates, states: Tensor, targets: Tensor, size: int, thetas: Sequence[float]
) -> tuple[NDArray[np.float64], CachedStates]:
    """p_cache of the words of a piece of text, each from what was read before it.

    Args:
        cache: before the piece.
        states: float (T, P), in the order in which they are read. targets: int64 (T,), the word after each.
        size: N. thetas: values of theta.
    Returns:
        float64 (thetas, T), NaN where nothing had been read before, and the cache after the piece.
    """
    found = [np.zeros((len(thetas), 0))]
    at_once = max(1, _SCORES // (size + len(states)))
    for some, own in zip(torch.split(states.detach(), at_once), torch.split(targets, at_once), strict=True):
        keys, words = torch.cat([cache.states, some]), torch.cat([cache.words, own])  # (K, P), (K,)
        K, T = len(words), len(own)
        now = torch.arange(K - T, K, device=words.device)[:, None]  # (T, 1), positions of the piece among the keys
        position = torch.arange(K, device=words.device)  # (K,)
        hidden = (position >= now) | (position < now - size)  # (T, K)
        scores = (some @ keys.t()).double()  # (T, K)
        matches = (words == own[:, None]).double()  # (T, K)
        probs = [
            ((theta * scores).masked_fill(hidden, -torch.inf).softmax(dim=1) * matches).sum(dim=1) for theta in thetas
        ]
        found.append(torch.stack(probs).cpu().numpy())
        cache = CachedStates(keys[-size:], words[-size:])
    return np.concatenate(found, axis=1), cache


def interpolated_nats(nats: NDArray[np.float64], cached: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """-log of (1 - lambda) p_vocab + lambda p_cache.

    Args:
        nats: float64 (T,), -log p_vocab. cached: float64 (T,), p_cache, NaN for p_vocab alone. weight: lambda.
    """
    known = ~np.isnan(cached)
    mixed = nats.copy()
    with np.errstate(divide="ignore"):  # the log of 0 is -inf
        mixed[known] = -np.logaddexp(np.log1p(-weight) - nats[known], np.log(weight) + np.log(cached[known]))
    return mixed
