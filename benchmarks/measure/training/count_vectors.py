"""Word vectors from counts: positive pointwise mutual information of neighbours in a few dimensions (Levy et al. 2015)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

REACH = 4  # neighbours on either side
SMOOTHING = 0.75  # power of a neighbour's count, so that rare neighbours have less weight
ITERATIONS = 2  # of the randomised decomposition
SPARE = 16  # additional dimensions of the decomposition, dropped at its end


def neighbour_counts(ids: NDArray[np.int64], n_words: int, apart: NDArray[np.int64]) -> Tensor:
    """How often each pair of words occurs within `REACH` tokens.

    Args:
        ids: int64 (N,), a text. n_words: V.
        apart: int64 (N,), the sentence of each token; words of different sentences are not neighbours.
    Returns:
        sparse float32 (V, V), symmetric, coalesced.
    """
    keys = []
    for distance in range(1, REACH + 1):
        together = apart[distance:] == apart[:-distance]
        keys.append((ids[:-distance] * n_words + ids[distance:])[together])
    pairs, counts = np.unique(np.concatenate(keys), return_counts=True)
    indices = torch.from_numpy(np.stack(np.divmod(pairs, n_words)))  # (2, pairs)
    one_way = _sparse(indices, torch.from_numpy(counts).float(), n_words)
    return (one_way + one_way.t()).coalesce()


def positive_information(counts: Tensor) -> Tensor:
    """max(0, log of P(word, neighbour) / P(word) P(neighbour)) of counts: sparse float32 (V, V) -> the same, zeros dropped."""
    words, neighbours = counts.indices()
    total = counts.values().sum()
    of_words = torch.zeros(counts.shape[0]).index_add_(0, words, counts.values())  # (V,)
    smoothed = of_words**SMOOTHING
    information = (counts.values() / total).log() - (of_words / total)[words].log()
    information -= (smoothed / smoothed.sum())[neighbours].log()
    kept = information > 0
    return _sparse(counts.indices()[:, kept], information[kept], counts.shape[0]).coalesce()


def _sparse(indices: Tensor, values: Tensor, n_words: int) -> Tensor:
    return torch.sparse_coo_tensor(indices, values, (n_words, n_words), check_invariants=True)


def count_vectors(
    ids: NDArray[np.int64], apart: NDArray[np.int64], n_words: int, size: int, seed: int
) -> NDArray[np.float32]:
    """Vectors of all words from a text, see `neighbour_counts`: float32 (V, size), left factors times the root of the values."""
    torch.manual_seed(seed)
    matrix = positive_information(neighbour_counts(ids, n_words, apart))
    left, values, _ = torch.svd_lowrank(matrix, q=min(size + SPARE, n_words), niter=ITERATIONS)
    vectors: NDArray[np.float32] = (left[:, :size] * values[:size].sqrt()).numpy()
    return vectors
