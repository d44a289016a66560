"""The interface of a teacher: sentences in, the layers of each of its words out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class TaughtSentence(NamedTuple):
    """What a teacher says about a sentence."""

    layers: Tensor  # float (L, n, D), all its layers, the one without context first; 0 where a word is not known
    known: Tensor  # bool (n,), False: the teacher has no vector for the word


class Teacher(ABC):
    """A model whose layers are learned from.

    Attributes:
        n_layers: L, with the layer without context.
        size: D, of each layer.
    """

    n_layers: int
    size: int

    @abstractmethod
    def read(self, sentences: Sequence[Sequence[str]]) -> list[TaughtSentence]:
        """The layers of each word; the same sentences in the same order give the same numbers bit for bit.

        Args:
            sentences: lists of words, none empty.
        """

    @abstractmethod
    def keep(self, folder: Path) -> None:
        """Copy all that loads this teacher again into a folder, which does not exist."""


def normalised(layers: Tensor) -> Tensor:
    """Each vector with mean 0 and variance 1, so that no layer and no word weighs more than another: float (..., D)."""
    return functional.layer_norm(layers, layers.shape[-1:])


def not_known(n_layers: int, n_words: int, size: int) -> TaughtSentence:
    """A sentence of which nothing is known."""
    return TaughtSentence(torch.zeros(n_layers, n_words, size), torch.zeros(n_words, dtype=torch.bool))
