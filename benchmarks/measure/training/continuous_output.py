"""The continuous output layer (Li et al. 2019): the biLM's output is turned towards a fixed vector of the target word.

Its loss, one minus the cosine, costs the same for any vocabulary, but gives no probabilities. To set it beside softmaxes we
give it some, after training: a von Mises-Fisher density around each word's vector, all of one concentration, with the share of
the word as prior (Bayes), so that

    log p(w | x) = log share(w) + concentration * cosine(W x, vector of w) - log of the sum over all words

The concentration, an inverse temperature, is all that is fitted (`fit_concentration`), on training text.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.model.output.softmax import chunked_softmax_nats

HIGHEST = 200.0  # concentration that is tried
FITTED_TO = 0.5  # width of the interval that the fit ends with


class ContinuousOutput(nn.Module):
    """One continuous output layer for both directions.

    Args:
        projection_size: P.
        vectors: float (V, E), fixed, of the words.
        log_frequencies: float (V,), log of each word's share of the targets.
    """

    def __init__(self, projection_size: int, vectors: Tensor, log_frequencies: Tensor) -> None:
        super().__init__()
        self.n_words = len(vectors)
        self.register_buffer("_vectors", functional.normalize(vectors, dim=1))  # (V, E)
        self.register_buffer("_log_shares", log_frequencies)
        self.turn = nn.Linear(projection_size, vectors.shape[1], bias=False)  # W
        self.concentration = 1.0

    def loss(self, x: Tensor, targets: Tensor) -> Tensor:
        """One minus the cosine of each place, no nats: x float (N, P), targets int64 (N,) -> float (N,)."""
        return 1.0 - functional.cosine_similarity(self.turn(x), self._vectors[targets], dim=1)

    @torch.no_grad()
    def nats(self, x: Tensor, targets: Tensor) -> Tensor:
        """-log p of the targets, as the module tells: float64 (N,)."""
        towards = self.concentration * functional.normalize(self.turn(x), dim=1)  # (N, E)
        return chunked_softmax_nats(towards, self._vectors, self._log_shares, targets)


def fit_concentration(layer: ContinuousOutput, mean_nats: Callable[[], float]) -> None:
    """Set the concentration that loses least; the loss is convex in it, so a golden-section search finds it.

    Args:
        mean_nats: measures the layer as it stands on some text.
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
