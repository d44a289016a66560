"""Biattention and maxout, word by word from McCann et al. 2017 (section 5): loops over one text without padding."""

import numpy as np


def attended(x):
    """x (T, F) -> for each token the sum of all tokens, weighted by the softmax of their products with it."""
    seen = np.zeros_like(x)
    for t, own in enumerate(x):
        products = np.array([np.dot(own, other) for other in x])
        weights = np.exp(products - products.max())
        weights /= weights.sum()
        for factor, other in zip(weights, x, strict=True):
            seen[t] += factor * other
    return seen


def summaries(y, weight, bias):
    """y (T, F) -> maxima, minima, means and the self-attentive mean: (4F,)."""
    scores = np.array([np.dot(token, weight) + bias for token in y])
    weights = np.exp(scores - scores.max())
    return np.concatenate([y.max(axis=0), y.min(axis=0), y.mean(axis=0), (weights / weights.sum()) @ y])


def maxout(x, weight, bias, n_units):
    """x (F,) -> (n_units,): unit u is the largest of its pieces, which stand n_units rows apart."""
    pieces = weight @ x + bias
    return np.array([max(pieces[u::n_units]) for u in range(n_units)])
