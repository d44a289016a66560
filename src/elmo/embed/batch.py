"""A batch for the encoder: sentences -> its inputs, and its layers -> the requested vectors; no weights here."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.tensors import all_finite
from elmo.embed.layers import Choice
from elmo.errors import ConfigError
from elmo.text.packing import pack
from elmo.text.words.characters import Boundaries

Vectors = NDArray[np.float32]


class Batch(NamedTuple):
    """B sentences laid out for the encoder, N words in all, boundaries included."""

    words: list[str]  # (N,), sentence by sentence
    positions: NDArray[np.int64]  # int64 (N,), the packed position of each word: step after step, see `text.packing`
    batch_sizes: list[int]  # (T,), sentences that have a word at each step
    reverse_indices: NDArray[np.int64]  # int64 (N,), see `Packing`
    inner: NDArray[np.int64]  # int64 (tokens,), positions of the words that are no boundaries
    lengths: list[int]  # (B,), tokens of each sentence, without boundaries


def prepare(sentences: Sequence[Sequence[str]], boundaries: Boundaries) -> Batch:
    """Pack sentences; depends on nothing but its arguments.

    Args:
        sentences: lists of tokens, by falling length, without boundaries. boundaries: of the model.
    """
    start, end = boundaries
    lengths = [len(words) for words in sentences]
    packing = pack([length + 2 for length in lengths])
    words = [word for sentence in sentences for word in (start, *sentence, end)]
    inner = np.ones(len(words), dtype=bool)
    ends = np.cumsum([length + 2 for length in lengths])
    inner[ends - 1] = inner[ends[:-1]] = False
    inner[:1] = False
    positions = packing.unsorted_indices
    return Batch(words, positions, packing.batch_sizes.tolist(), packing.reverse_indices, positions[inner], lengths)


def finish(batch: Batch, layers: Tensor, choose: Choice, pool: Choice) -> list[Vectors]:
    """Layers of a batch -> the vectors of each of its sentences.

    Args:
        layers: float (L, tokens, D), as `Encoder.run` gives them. choose, pool: see `embed.layers`.
    Returns:
        float32 arrays on the CPU, copies.
    Raises:
        ConfigError: a number is too large for float32.
    """
    chosen = choose(layers)
    ends = np.cumsum(batch.lengths).tolist()
    found = [pool(chosen[..., begin:end, :]) for begin, end in zip([0, *ends], ends, strict=False)]
    vectors = [x.to("cpu", torch.float32, copy=True) for x in found]
    checked = [chosen.float()] if found and found[0].dim() == chosen.dim() else [chosen.float(), *vectors]
    if not all(map(all_finite, checked)):
        raise ConfigError(
            "layers: with these weights, the vectors have numbers larger than float32 can hold (3.4e38); give smaller weights"
        )
    return [x.numpy() for x in vectors]
