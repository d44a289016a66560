"""Language-model losses: the full softmax, and the sampled softmax of training (Jean et al. 2015; TensorFlow's).

One softmax serves both directions (Peters et al. 2018, section 3.1). A sampled loss is a training signal: it is never
called a perplexity.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.errors import ConfigError


class Negatives(NamedTuple):
    """Negative samples, shared by all tokens of one direction and step."""

    ids: Tensor  # int64 (S,), all different
    expected_counts: Tensor  # float (S,), expected count of each in the draw
    n_tries: int  # number of draws for S different words


def log_uniform_probability(ids: Tensor, n_words: int) -> Tensor:
    """P(id) = log((id + 2) / (id + 1)) / log(V + 1): Zipf's law for a vocabulary in order of frequency."""
    ids = ids.to(torch.float64)
    return (torch.log(ids + 2) - torch.log(ids + 1)) / math.log(n_words + 1)


def expected_count(ids: Tensor, n_words: int, n_tries: int) -> Tensor:
    """Expected count of a word among the different words of `n_tries` draws: 1 - (1 - P)^tries, float64."""
    return -torch.expm1(n_tries * torch.log1p(-log_uniform_probability(ids, n_words)))


def draw_negatives(n_words: int, n_negatives: int, generator: np.random.Generator) -> Negatives:
    """Draw different words from the log-uniform distribution until there are `n_negatives` of them.

    Raises:
        ConfigError: more negatives than words.
    """
    if n_negatives > n_words:
        raise ConfigError(
            f"{n_negatives} negative samples from {n_words} words; n_negatives must not exceed the vocabulary"
        )
    if n_negatives == n_words:  # every word: the full softmax
        return Negatives(torch.arange(n_words), torch.ones(n_words), n_words)
    drawn = np.zeros(0, dtype=np.int64)
    while True:
        more = np.exp(generator.random(2 * n_negatives) * np.log(n_words + 1)).astype(np.int64) - 1
        drawn = np.concatenate([drawn, np.minimum(more, n_words - 1)])
        first = np.sort(np.unique(drawn, return_index=True)[1])  # first draw of each different word
        if len(first) >= n_negatives:
            break
    n_tries = int(first[n_negatives - 1]) + 1
    ids = torch.from_numpy(drawn[first[:n_negatives]])
    return Negatives(ids, expected_count(ids, n_words, n_tries).float(), n_tries)


def full_softmax(x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy over the whole vocabulary.

    Args:
        x: float (N, P), top LSTM outputs of one direction. weight: float (V, P). bias: float (V,).
        targets: int64 (N,), ids of the words to predict.
    Returns:
        loss_nats: float (N,).
    """
    return functional.cross_entropy(functional.linear(x, weight, bias), targets, reduction="none")


@torch.no_grad()
def chunked_softmax_nats(x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, logits_bytes: int = 2**23) -> Tensor:
    """`full_softmax` without its (N, V) logits: a chunk of the vocabulary at a time, with a running log-sum-exp. No gradient.

    Args:
        x, weight, bias, targets: as for `full_softmax`.
        logits_bytes: maximum size of a chunk of logits; the default fits in a cache of the processor.
    Returns:
        loss_nats: float64 (N,).
    """
    room = max(1, logits_bytes // x.element_size())  # numbers of a chunk
    n_tokens = min(1024, room)
    n_words = min(room // n_tokens, len(weight))
    logits = x.new_empty(n_tokens * n_words)
    losses = [x.new_empty(0, dtype=torch.float64)]
    for some, own in zip(torch.split(x, n_tokens), torch.split(targets, n_tokens), strict=True):
        highest = some.new_full((len(some), 1), -torch.inf)
        total = some.new_zeros((len(some), 1), dtype=torch.float64)  # sum of exp(logit - highest)
        for rows, shifts in zip(torch.split(weight, n_words), torch.split(bias, n_words), strict=True):
            chunk = logits[: len(some) * len(rows)].view(len(some), len(rows))
            torch.addmm(shifts, some, rows.t(), out=chunk)
            new = torch.maximum(highest, chunk.amax(dim=1, keepdim=True))
            total = total * (highest - new).exp() + chunk.sub_(new).exp_().sum(dim=1, keepdim=True)
            highest = new
        right = (some * functional.embedding(own, weight)).sum(dim=1) + bias[own]
        losses.append(total.squeeze(1).log() + (highest.squeeze(1) - right))
    return torch.cat(losses)


def sampled_softmax(
    x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, negatives: Negatives, target_counts: Tensor
) -> Tensor:
    """Cross-entropy of each target against the drawn words only, corrected by the expected count of each.

    Args:
        x: float (N, P). weight: float (V, P). bias: float (V,). targets: int64 (N,).
        negatives: from `draw_negatives`; a negative that is a token's own target is left out for that token.
        target_counts: float (N,), expected counts of the targets in the same draw.
    Returns:
        loss_nats: float (N,); with every word drawn it equals `full_softmax`.
    """
    ids = torch.cat([targets, negatives.ids])
    rows, shifts = functional.embedding(ids, weight), bias[ids]  # (N + S, P), (N + S,)
    N = len(targets)
    right = (x * rows[:N]).sum(dim=1) + shifts[:N] - target_counts.log()  # (N,)
    wrong = functional.linear(x, rows[N:], shifts[N:] - negatives.expected_counts.log())  # (N, S)
    wrong = wrong.masked_fill(targets[:, None] == negatives.ids[None, :], -torch.inf)
    return torch.logaddexp(right, wrong.logsumexp(dim=1)) - right


class Softmax(nn.Module):
    """The output layer of both directions: one row and one bias per word."""

    def __init__(self, n_words: int, projection_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_words, projection_size))
        self.bias = nn.Parameter(torch.zeros(n_words))
        nn.init.normal_(self.weight, std=projection_size**-0.5)

    @property
    def n_words(self) -> int:
        """V."""
        return self.weight.shape[0]

    @torch.no_grad()
    def start_at(self, log_frequencies: Tensor) -> None:
        """Set the initial bias to the log frequency of each word: log_frequencies float (V,)."""
        self.bias.copy_(log_frequencies)

    def loss(self, x: Tensor, targets: Tensor) -> Tensor:
        """`full_softmax` with these parameters: float (N,)."""
        return full_softmax(x, self.weight, self.bias, targets)

    def nats(self, x: Tensor, targets: Tensor) -> Tensor:
        """`chunked_softmax_nats` with these parameters: float64 (N,)."""
        return chunked_softmax_nats(x, self.weight, self.bias, targets)

    def log_probabilities(self, x: Tensor) -> Tensor:
        """Of all words: float (N, P) -> float (N, V)."""
        return functional.linear(x, self.weight, self.bias).log_softmax(dim=1)

    def sampled_loss(self, x: Tensor, targets: Tensor, negatives: Negatives) -> Tensor:
        """`sampled_softmax` with these parameters: float (N,)."""
        if len(negatives.ids) == self.n_words:
            counts = torch.ones_like(targets, dtype=x.dtype)
        else:
            counts = expected_count(targets, self.n_words, negatives.n_tries).to(x.dtype)
        return sampled_softmax(x, self.weight, self.bias, targets, negatives, counts)
