"""The adaptive softmax (Grave et al. 2017): frequent words in a head, rare ones in clusters with smaller vectors.

A vocabulary in order of frequency is split at `cutoffs`. The head predicts the words before the first cutoff and the clusters;
each cluster predicts its words, with vectors half as wide as those of the part before it: -log P(word) = -log P(cluster) -
log P(word in its cluster). It is a softmax over the whole vocabulary, and its loss is a cross-entropy, but a position computes
only the head and the cluster of its word.

PyTorch's `nn.AdaptiveLogSoftmaxWithLoss` is the twin in tests. Ours gives every weight a gradient at every step (several ranks
and a resumed optimizer need all of them), multiplies in the precision of a run, and evaluates in chunks.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from elmo.errors import ConfigError
from elmo.model.kernels.products import linear_in
from elmo.model.output.softmax import Softmax, chunked_softmax_nats

COVERED = (0.8, 0.95)  # fraction of the targets in the head, and in the head with the first cluster


def cutoffs_by_coverage(counts: NDArray[np.float64]) -> list[int]:
    """Where to split a vocabulary: the number of its first words that cover each fraction of the targets in `COVERED`.

    Args:
        counts: float64 (V,), how often each word is a target, in the order of the vocabulary.
    Returns:
        rising, above 0 and below V.
    Raises:
        ConfigError: there are too few words.
    """
    V = len(counts)
    reached = np.cumsum(counts) / counts.sum()  # (V,)
    cutoffs = sorted({min(int((reached < fraction).sum()) + 1, V - 1) for fraction in COVERED})
    if len(cutoffs) < len(COVERED) or cutoffs[0] < 1:
        fractions = " and ".join(f"{100 * fraction:.0f} %" for fraction in COVERED)
        raise ConfigError(
            f"softmax=adaptive splits the vocabulary where {fractions} of the tokens are covered; with {V:,} words no word is "
            "left between the two cutoffs; use softmax=full for a vocabulary of this size"
        )
    return cutoffs


class _Choice(NamedTuple):
    """One of the softmaxes of an adaptive softmax: the head or a cluster, with its positions."""

    positions: Tensor  # int64 (M,), of the N positions
    x: Tensor  # float (M, Q)
    weight: Tensor  # float (W, Q)
    bias: Tensor | None  # float (W,)
    targets: Tensor  # int64 (M,)


class _Cluster(nn.Module):
    """Rare words with vectors of Q numbers, without a bias."""

    def __init__(self, n_words: int, projection_size: int, size: int) -> None:
        super().__init__()
        self.projection = nn.Linear(projection_size, size, bias=False)
        self.words = nn.Linear(size, n_words, bias=False)


class AdaptiveSoftmax(nn.Module):
    """An output layer for both directions with lower cost for rare words.

    Args:
        n_words: V. projection_size: P.
        cutoffs: indices in the vocabulary at which a cluster begins, rising, above 0 and below V.
    """

    def __init__(self, n_words: int, projection_size: int, cutoffs: Sequence[int]) -> None:
        super().__init__()
        self.cutoffs = (*cutoffs, n_words)
        self.head = nn.Linear(projection_size, cutoffs[0] + len(cutoffs))
        sizes = [max(1, projection_size // 2 ** (number + 1)) for number in range(len(cutoffs))]
        words = np.diff(self.cutoffs).tolist()
        self.clusters = nn.ModuleList(_Cluster(n, projection_size, size) for n, size in zip(words, sizes, strict=True))

    @property
    def n_words(self) -> int:
        """V."""
        return self.cutoffs[-1]

    @torch.no_grad()
    def start_at(self, log_frequencies: Tensor) -> None:
        """Set the initial bias of words and clusters to their log frequency: log_frequencies float (V,)."""
        head, *clusters = log_frequencies.tensor_split(self.cutoffs[:-1])
        self.head.bias.copy_(torch.cat([head, torch.stack([cluster.logsumexp(0) for cluster in clusters])]))

    def loss(self, x: Tensor, targets: Tensor, precision: torch.dtype | None = None) -> Tensor:
        """Cross-entropy over the whole vocabulary.

        Args:
            x: float (N, P). targets: int64 (N,).
            precision: of matrix products; None: that of `x`.
        Returns:
            loss_nats: float (N,).
        """
        losses = x.new_zeros(len(x))
        for choice in self._choices(x, targets, precision):
            scores = linear_in(choice.x, choice.weight, None, precision)  # (M, W)
            scores = scores if choice.bias is None else scores + choice.bias
            own = functional.cross_entropy(scores, choice.targets, reduction="none")  # (M,)
            losses = losses.index_add(0, choice.positions, own)
        return losses

    @torch.no_grad()
    def nats(self, x: Tensor, targets: Tensor) -> Tensor:
        """`loss` without all scores at once, see `chunked_softmax_nats`: float64 (N,)."""
        losses = x.new_zeros(len(x), dtype=torch.float64)
        for positions, read, weight, bias, own in self._choices(x, targets, None):
            bias = weight.new_zeros(len(weight)) if bias is None else bias
            losses.index_add_(0, positions, chunked_softmax_nats(read, weight, bias, own))
        return losses

    def log_probabilities(self, x: Tensor) -> Tensor:
        """Of all words: float (N, P) -> float (N, V)."""
        n_head = self.cutoffs[0]
        head = self.head(x).log_softmax(dim=1)  # (N, words and clusters)
        parts = [head[:, :n_head]]
        for number, cluster in enumerate(self._clusters(), start=n_head):
            parts.append(head[:, number, None] + cluster.words(cluster.projection(x)).log_softmax(dim=1))
        return torch.cat(parts, dim=1)

    def _clusters(self) -> Iterable[_Cluster]:
        return cast("Iterable[_Cluster]", self.clusters)

    def _choices(self, x: Tensor, targets: Tensor, precision: torch.dtype | None) -> Iterator[_Choice]:
        """The head with all positions, and each cluster with the positions of its words, which may be none."""
        in_head = targets
        for number, (cluster, (begin, end)) in enumerate(zip(self._clusters(), pairwise(self.cutoffs), strict=True)):
            inside = (targets >= begin) & (targets < end)
            in_head = torch.where(inside, self.cutoffs[0] + number, in_head)
            positions = torch.nonzero(inside)[:, 0]  # (M,)
            read = linear_in(x.index_select(0, positions), cluster.projection.weight, None, precision)  # (M, Q)
            yield _Choice(positions, read, cluster.words.weight, None, targets[positions] - begin)
        yield _Choice(torch.arange(len(x), device=x.device), x, self.head.weight, self.head.bias, in_head)


OutputLayer = Softmax | AdaptiveSoftmax


def output_layer(n_words: int, projection_size: int, cutoffs: Sequence[int] | None) -> OutputLayer:
    """A new output layer; `cutoffs`: of an adaptive softmax; None: one row per word."""
    if cutoffs is None:
        return Softmax(n_words, projection_size)
    return AdaptiveSoftmax(n_words, projection_size, cutoffs)
