"""The continuous output layer (Li et al. 2019): trained to have a high cosine similarity with a fixed vector of the target word.

Its loss, one minus the cosine, costs the same for a vocabulary of any size, but defines no probabilities. To compare it with
softmax layers, probabilities are defined after training: a von Mises-Fisher density around the vector of each word, with one
concentration for all words and the relative frequency of the word as prior (Bayes), so that

    log p(w | x) = log frequency(w) + concentration * cosine(W x, vector of w) - log of the sum over all words

Only the concentration, an inverse temperature, is fitted on training text (`fit_concentration`).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.model.output.softmax import chunked_softmax_nats

HIGHEST = 200.0  # maximum concentration
FITTED_TO = 0.5  # width of the interval at which the search ends


class ContinuousOutput(nn.Module):
    """One continuous output layer for both directions.

    Args:
        projection_size: P.
        vectors: float (V, E), fixed, of the words.
        log_frequencies: float (V,), log of the relative frequency of each word among the targets.
    """

    def __init__(self, projection_size: int, vectors: Tensor, log_frequencies: Tensor) -> None:
        super().__init__()
        self.n_words = len(vectors)
        self.register_buffer("_vectors", functional.normalize(vectors, dim=1))  # (V, E)
        self.register_buffer("_log_frequencies", log_frequencies)
        self.linear = nn.Linear(projection_size, vectors.shape[1], bias=False)  # W
        self.concentration = 1.0

    def loss(self, x: Tensor, targets: Tensor) -> Tensor:
        """One minus the cosine at each position (not in nats): x float (N, P), targets int64 (N,) -> float (N,)."""
        return 1.0 - functional.cosine_similarity(self.linear(x), self._vectors[targets], dim=1)

    @torch.no_grad()
    def nats(self, x: Tensor, targets: Tensor) -> Tensor:
        """-log p of the targets, as the module's docstring defines it: float64 (N,)."""
        towards = self.concentration * functional.normalize(self.linear(x), dim=1)  # (N, E)
        return chunked_softmax_nats(towards, self._vectors, self._log_frequencies, targets)


def fit_concentration(layer: ContinuousOutput, mean_nats: Callable[[], float]) -> None:
    """Set the concentration with the lowest loss; the loss is convex in it, so a golden-section search finds it.

    Args:
        mean_nats: measures the mean loss of the layer on some text, with its current concentration.
    """

    def lost(concentration: float) -> float:
        layer.concentration = concentration
        return mean_nats()

    golden = (5**0.5 - 1) / 2
    low, high = 0.0, HIGHEST
    left, right = high - golden * high, golden * high
    lost_left, lost_right = lost(left), lost(right)
    while high - low > FITTED_TO:
        if lost_left < lost_right:
            high, right, lost_right = right, left, lost_left
            left = high - golden * (high - low)
            lost_left = lost(left)
        else:
            low, left, lost_left = left, right, lost_right
            right = low + golden * (high - low)
            lost_right = lost(right)
    layer.concentration = (low + high) / 2
