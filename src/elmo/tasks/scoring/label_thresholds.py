"""The probabilities from which on labels are predicted, where a text has any number of them: those with the best F1."""

import numpy as np
from numpy.typing import NDArray

DEFAULT = 0.5
LEAST = 10  # examples that a label has on the dev file to have a threshold of its own; a rarer one has the common one


def best_threshold(probs: NDArray[np.float32], gold: NDArray[np.bool_]) -> float:
    """The threshold with the highest F1 of what is above it: halfway between two probabilities; of equals the highest.

    Args:
        probs: (n,). gold: (n,).
    Returns:
        0.5 if nothing is gold.
    """
    if not gold.any():
        return DEFAULT
    order = np.argsort(-probs, kind="stable")
    sorted_probs = probs[order].astype(np.float64)
    following = np.append(sorted_probs[1:], 0.0)
    n_predicted = np.arange(1, len(probs) + 1)
    f1 = 2 * np.cumsum(gold[order]) / (n_predicted + gold.sum())
    f1[sorted_probs == following] = -1.0  # equal ones are predicted together
    best = int(np.argmax(f1))
    return float(sorted_probs[best] + following[best]) / 2


def thresholds_of(probs: NDArray[np.float32], gold: NDArray[np.bool_], each: bool) -> NDArray[np.float64]:
    """The thresholds of K labels, (K,).

    Args:
        probs: (n, K). gold: (n, K).
        each: one for each frequent label, by its own F1, which raises macro F1; else one for all, by micro F1.
    """
    common = best_threshold(probs.ravel(), gold.ravel())
    found = np.full(probs.shape[1], common)
    if each:
        for k in np.flatnonzero(gold.sum(axis=0) >= LEAST):
            found[k] = best_threshold(probs[:, k], gold[:, k])
    return found
