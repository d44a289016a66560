"""The adaptive softmax (Grave et al. 2017): frequent words in a head, rare ones in clusters with smaller vectors.

A vocabulary in order of frequency is cut at `cutoffs`. The head chooses among the words before the first cut and the clusters,
a cluster among its words, by vectors half as wide as those of the part before it: -log P(word) = -log P(cluster) - log P(word in
its cluster). So it is a softmax over the whole vocabulary, and its loss a cross-entropy, though a place pays only for the head
and for the one cluster that its word is in.

PyTorch's `nn.AdaptiveLogSoftmaxWithLoss` is the twin. Ours gives every weight a gradient at every step (one rank of several, or
an optimizer that goes on, must not miss one), multiplies in the precision of a run, and measures in chunks.
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

COVERED = (0.8, 0.95)  # of the targets: by the head, by the head with the first cluster


def cutoffs_by_share(counts: NDArray[np.float64]) -> list[int]:
    """Where to cut a vocabulary: how many of its first words cover each share of the targets in `COVERED`.

    Args:
        counts: float64 (V,), how often each word is a target, in the order of the vocabulary.
    Returns:
        rising, above 0 and below V.
    Raises:
        ConfigError: there are too few words.
    """
    V = len(counts)
    reached = np.cumsum(counts) / counts.sum()  # (V,)
    cutoffs = sorted({min(int((reached < share).sum()) + 1, V - 1) for share in COVERED})
    if len(cutoffs) < len(COVERED) or cutoffs[0] < 1:
        shares = " and ".join(f"{100 * share:.0f} %" for share in COVERED)
        raise ConfigError(
            f"softmax=adaptive cuts a vocabulary where {shares} of the words to predict are covered, which leaves nothing "
            f"between the two cuts of these {V:,} words; take softmax=full for so few"
        )
    return cutoffs


class _Choice(NamedTuple):
    """What some places choose among: one of the softmaxes that an adaptive one is made of."""

    places: Tensor  # int64 (M,), of the N places
    x: Tensor  # float (M, Q)
    weight: Tensor  # float (W, Q)
    bias: Tensor | None  # float (W,)
    targets: Tensor  # int64 (M,)


class _Cluster(nn.Module):
    """Rare words by vectors of Q numbers; within it none is likelier than another before anything is read."""

    def __init__(self, n_words: int, projection_size: int, size: int) -> None:
        super().__init__()
        self.projection = nn.Linear(projection_size, size, bias=False)
        self.words = nn.Linear(size, n_words, bias=False)


class AdaptiveSoftmax(nn.Module):
    """An output layer of both directions in which rare words cost less.

    Args:
        n_words: V. projection_size: P.
        cutoffs: places in the vocabulary where a cluster begins, rising, above 0 and below V.
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
    def start_at(self, log_shares: Tensor) -> None:
        """Let words and clusters begin as likely as they are frequent: log_shares float (V,)."""
        head, *clusters = log_shares.tensor_split(self.cutoffs[:-1])
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
            losses = losses.index_add(0, choice.places, own)
        return losses

    @torch.no_grad()
    def nats(self, x: Tensor, targets: Tensor) -> Tensor:
        """`loss` without all scores at once, see `chunked_softmax_nats`: float64 (N,)."""
        losses = x.new_zeros(len(x), dtype=torch.float64)
        for places, read, weight, bias, own in self._choices(x, targets, None):
            bias = weight.new_zeros(len(weight)) if bias is None else bias
            losses.index_add_(0, places, chunked_softmax_nats(read, weight, bias, own))
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
        """All places choose in the head, those whose word is in a cluster there too; a cluster may have no place."""
        in_head = targets
        for number, (cluster, (begin, end)) in enumerate(zip(self._clusters(), pairwise(self.cutoffs), strict=True)):
            inside = (targets >= begin) & (targets < end)
            in_head = torch.where(inside, self.cutoffs[0] + number, in_head)
            places = torch.nonzero(inside)[:, 0]  # (M,)
            read = linear_in(x.index_select(0, places), cluster.projection.weight, None, precision)  # (M, Q)
            yield _Choice(places, read, cluster.words.weight, None, targets[places] - begin)
        yield _Choice(torch.arange(len(x), device=x.device), x, self.head.weight, self.head.bias, in_head)


OutputLayer = Softmax | AdaptiveSoftmax


def output_layer(n_words: int, projection_size: int, cutoffs: Sequence[int] | None) -> OutputLayer:
    """A new output layer; `cutoffs`: of an adaptive softmax, None: a row for each word."""
    if cutoffs is None:
        return Softmax(n_words, projection_size)
    return AdaptiveSoftmax(n_words, projection_size, cutoffs)
