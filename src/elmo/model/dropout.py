"""Dropout of training: which units, words and weights of a step are dropped, decided by seed and step alone.

A rank that trains rows 64 to 127 of a window drops the same units as a single process that trains all rows, and a resumed run
drops the same as an uninterrupted one, so no random state is saved. A GPU draws its own numbers for units and weights.
"""

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from torch import Tensor

Probability = Annotated[float, Field(ge=0, lt=1)]
_LEVELS = 2**16  # a probability is rounded to a multiple of 1 / 2**16


class DropoutConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Dropout probabilities: the fraction of units, words or weights that are set to zero."""

    layer_inputs: Probability = (
        0.0  # units of the input of each layer of the encoder; the residual adds the dropped input (bilm-tf)
    )
    output: Probability = 0.0  # units of the top output (bilm-tf)
    words: Probability = 0.0  # whole vectors of the token layer, one draw per word and step (Gal and Ghahramani 2016)
    recurrent: Probability = 0.0  # weights from state to gates, one draw per step (Merity et al. 2018, weight drop)
    variational: bool = False  # units: one draw for all positions of a row in a window (Gal and Ghahramani 2016)


class Dropout:
    """The dropout probabilities, with the random numbers of one step.

    Args:
        config: the probabilities.
        random: of this step, the same on every rank. gpu_random: the generator on a GPU; None: one seeded by `random`.
        rows: the rows, of the `n_rows` of the step, that are trained here.
    """

    def __init__(
        self,
        config: DropoutConfig,
        random: np.random.Generator,
        rows: slice = slice(None),
        n_rows: int | None = None,
        gpu_random: torch.Generator | None = None,
    ) -> None:
        self.config = config
        self._random = random
        self._word_key = np.uint64(random.integers(2**63))
        self._gpu_random = gpu_random
        self._rows = rows
        self._n_rows = n_rows

    @property
    def layer_inputs(self) -> float:
        """Probability of dropping a unit of each layer's input."""
        return self.config.layer_inputs

    @property
    def output(self) -> float:
        """Probability of dropping a unit of the top output."""
        return self.config.output

    def of_units(self, x: Tensor, p: float) -> Tensor:
        """Drop units of a window: float (B, T, P), B rows trained here -> the same shape; kept units are scaled up."""
        if p == 0.0:
            return x
        B, T, P = x.shape
        n_rows = B if self._n_rows is None else self._n_rows
        return x * self._drawn((n_rows, 1 if self.config.variational else T, P), p, x)[self._rows]

    def scale_of_words(self, word_ids: NDArray[np.integer]) -> Tensor | None:
        """Factors for the vectors of whole words, equal on every rank: int (words,) -> float (words, 1); None: no dropout."""
        if self.config.words == 0.0:
            return None
        drawn = _scrambled(word_ids.astype(np.uint64) ^ self._word_key)
        return torch.from_numpy(_kept(drawn, self.config.words))[:, None]

    def of_weight(self, weight: Tensor) -> Tensor:
        """Drop weights: float of any shape."""
        if self.config.recurrent == 0.0:
            return weight
        return weight * self._drawn(tuple(weight.shape), self.config.recurrent, weight)

    def _drawn(self, shape: tuple[int, ...], p: float, like: Tensor) -> Tensor:
        """Dropout factors for all rows: 0 or the scale of kept units, float of a shape, on the device of `like`."""
        if like.device.type == "cpu":
            return kept_units(self._random, shape, p)
        if self._gpu_random is None:
            self._gpu_random = torch.Generator(like.device).manual_seed(int(self._random.integers(2**63)))
        return like.new_empty(shape).bernoulli_(1 - p, generator=self._gpu_random).div_(1 - p)


def kept_units(random: np.random.Generator, shape: Sequence[int], p: float) -> Tensor:
    """Dropout factors: 0 or the scale of kept units, float of a shape. Five times as fast as PyTorch's own on a CPU."""
    drawn = np.frombuffer(random.bytes(2 * math.prod(shape)), dtype=np.uint16).reshape(shape)
    return torch.from_numpy(_kept(drawn, p))


def _kept(drawn: NDArray[np.uint16], p: float) -> NDArray[np.float32]:
    """0 with probability `p`, else 1 / (1 - p)."""
    dropped = min(round(p * _LEVELS), _LEVELS - 1)
    return (drawn >= dropped) * np.float32(_LEVELS / (_LEVELS - dropped))


def _scrambled(keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """A random number that depends only on the key (the finaliser of splitmix64, Steele et al. 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (keys ^ (keys >> np.uint64(31))).astype(np.uint16)


NO_DROPOUT = Dropout(DropoutConfig(), np.random.default_rng(0))
