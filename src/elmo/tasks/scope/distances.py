"""How far a vector is from those of the training examples: Mahalanobis distance to each label, cosine to each example.

All labels share one covariance (Lee et al. 2018), that of the vectors around the means of their labels, shrunk towards a multiple
of the identity (Ledoit & Wolf 2004).
"""

from typing import NamedTuple

import torch
from torch import Tensor

_RIDGE = 1e-6  # of the mean variance, added to each; vectors that do not vary at all have an inverse too
_LEAST = 1e-12


def shrunk_covariance(x: Tensor) -> Tensor:
    """(1 - s) S + s m I: S the covariance of rows of mean 0, m its mean variance, s by Ledoit & Wolf (2004, section 3).

    Args:
        x: float64 (N, F).
    Returns:
        float64 (F, F).
    """
    N, F = x.shape
    S = x.T @ x / N
    mean_variance = S.trace() / F
    distance = (S.square().sum() - F * mean_variance.square()) / F  # of S from m I
    noise = (x.square().sum(dim=1).square().sum() / N - S.square().sum()) / (N * F)
    s = (noise.clamp_min(0).minimum(distance) / distance.clamp_min(_LEAST**2)).clamp(0, 1)
    return (1 - s) * S + s * mean_variance * torch.eye(F, dtype=x.dtype)


class Gaussians(NamedTuple):
    """A Gaussian for each of K labels."""

    whitening: Tensor  # float32 (F, F); the product of a vector with it has covariance I
    means: Tensor  # float32 (K, F), of the labels, whitened

    @classmethod
    def of(cls, vectors: Tensor, labels: Tensor, n_labels: int) -> "Gaussians":
        """Fit to vectors float (N, F) with their labels int64 (N,); each label has at least one."""
        x = vectors.double()
        counts = torch.bincount(labels, minlength=n_labels)
        means = torch.zeros(n_labels, x.shape[1], dtype=x.dtype).index_add_(0, labels, x) / counts[:, None]  # (K, F)
        S = shrunk_covariance(x - means[labels])
        F = len(S)
        S += (_RIDGE * S.trace() / F + _LEAST) * torch.eye(F, dtype=x.dtype)
        root = torch.linalg.cholesky(S)
        whitening = torch.linalg.solve_triangular(root, torch.eye(F, dtype=x.dtype), upper=False).T  # (F, F)
        return cls(whitening.float().contiguous(), (means @ whitening).float())

    def distances(self, vectors: Tensor) -> Tensor:
        """The Mahalanobis distances of float (B, F) from each label: float (B, K)."""
        return torch.cdist(vectors @ self.whitening, self.means, compute_mode="donot_use_mm_for_euclid_dist")


class Neighbours(NamedTuple):
    """Training examples by their directions."""

    directions: Tensor  # float32 (M, F), of length 1
    labels: Tensor  # int64 (M,)

    @classmethod
    def of(cls, vectors: Tensor, labels: Tensor) -> "Neighbours":
        """Of vectors float (M, F); the directions are rounded to float16, as they are stored."""
        return cls(direction(vectors).half().float(), labels)

    def cosines(self, vectors: Tensor) -> Tensor:
        """The cosines of float (B, F) with each example: float (B, M)."""
        return direction(vectors) @ self.directions.T


def direction(vectors: Tensor) -> Tensor:
    """Rows divided by their lengths."""
    lengths: Tensor = vectors.square().sum(dim=1, keepdim=True).sqrt()
    return vectors / lengths.clamp_min(_LEAST)
