"""The adaptive softmax (Grave et al. 2017) as an output layer: rare words in clusters of smaller vectors, PyTorch's."""

import torch
from torch import Tensor, nn

COVERED = (0.8, 0.95)  # of the targets: by the head, by the head with the first cluster
DIVISOR = 2.0  # each cluster has vectors of so much fewer numbers; 4, the paper's, would leave 8 of 128 in the last


def cutoffs_by_share(log_shares: Tensor, covered: tuple[float, ...] = COVERED) -> list[int]:
    """Where to cut a vocabulary in order of frequency: how many of its first words cover each share of the targets.

    Args:
        log_shares: float (V,), log of each word's share of the targets.
    Returns:
        rising, above 0 and below V; fewer than `covered` where two fall together.
    """
    V = len(log_shares)
    reached = log_shares.double().exp().cumsum(0)  # (V,)
    return sorted({min(int((reached < share).sum()) + 1, V - 1) for share in covered})


class AdaptiveOutput(nn.Module):
    """One adaptive softmax for both directions; it starts from the shares of words and clusters, as ours from those of words.

    Args:
        projection_size: P.
        log_shares: float (V,), of a vocabulary in order of frequency.
        cutoffs: places in it where a cluster begins.
    """

    def __init__(self, projection_size: int, log_shares: Tensor, cutoffs: list[int]) -> None:
        super().__init__()
        self.n_words = len(log_shares)
        self._adaptive = nn.AdaptiveLogSoftmaxWithLoss(
            projection_size, self.n_words, cutoffs, div_value=DIVISOR, head_bias=True
        )
        with torch.no_grad():
            of_clusters = torch.stack([cluster.logsumexp(0) for cluster in log_shares.tensor_split(cutoffs)[1:]])
            self._adaptive.head.bias.copy_(torch.cat([log_shares[: cutoffs[0]], of_clusters]))

    def loss(self, x: Tensor, targets: Tensor) -> Tensor:
        """loss_nats of each place: x float (N, P), targets int64 (N,) -> float (N,)."""
        return -self._adaptive(x, targets).output

    @torch.no_grad()
    def nats(self, x: Tensor, targets: Tensor) -> Tensor:
        """`loss` for measuring: float64 (N,)."""
        return self.loss(x, targets).double()
