"""Mahalanobis distances to the means of labels with one shrunk covariance, slowly, from the papers (NumPy)."""

import numpy as np


def shrunk(x):
    """Ledoit & Wolf (2004, section 3.2): the covariance of rows of mean 0, shrunk towards m I; sums over examples as printed."""
    n, p = x.shape
    S = sum(np.outer(row, row) for row in x) / n
    m = np.trace(S @ np.eye(p)) / p
    d2 = np.trace((S - m * np.eye(p)) @ (S - m * np.eye(p)).T) / p
    b_bar2 = sum(np.trace((np.outer(row, row) - S) @ (np.outer(row, row) - S).T) / p for row in x) / n**2
    b2 = min(b_bar2, d2)
    return b2 / d2 * m * np.eye(p) + (d2 - b2) / d2 * S


def distances(train, labels, x):
    """Lee et al. (2018, equation 2), the square root of its negative: of each row of x from each label."""
    names = sorted(set(labels))
    means = {k: train[labels == k].mean(axis=0) for k in names}
    inverse = np.linalg.inv(shrunk(np.array([row - means[k] for row, k in zip(train, labels, strict=True)])))
    return np.array([[np.sqrt((row - means[k]) @ inverse @ (row - means[k])) for k in names] for row in x])
