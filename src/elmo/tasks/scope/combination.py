"""Several features of a text -> the probability that it is in scope: a logistic regression with weights that are not negative.

Every feature is such that a higher value indicates "in scope", so a negative weight could only be noise. Texts in scope and out
of scope weigh the same together, so that the probability is that of a text drawn from either with equal odds.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PENALTY = 0.01  # lambda
_STEPS = 20_000
_STILL = 1e-10  # a step that moves no weight further is the last

Floats = NDArray[np.float64]


class Combination(NamedTuple):
    """sigmoid(intercept + weights . (features - means) / deviations)."""

    means: Floats  # (J,)
    deviations: Floats  # (J,)
    weights: Floats  # (J,), not negative
    intercept: float

    def probabilities(self, features: Floats) -> Floats:
        """Features (N, J) -> (N,)."""
        z = (features - self.means) / self.deviations @ self.weights + self.intercept
        return np.exp(-np.logaddexp(0, -z))


def fit_combination(inside: Floats, outside: Floats, penalty: float = PENALTY) -> Combination:
    """Minimise the cross-entropy, mean of both groups, + penalty / 2 * |weights|^2 by accelerated projected gradients.

    Args:
        inside: features (n, J) of texts in scope. outside: (m, J) of texts out of scope.
    """
    both = np.vstack([inside, outside])
    means, deviations = both.mean(axis=0), both.std(axis=0)
    deviations[deviations < 1e-12] = 1.0
    z = np.hstack([(both - means) / deviations, np.ones((len(both), 1))])  # the last weight is the intercept
    truth = np.repeat([1.0, 0.0], [len(inside), len(outside)])
    sample_weights = np.repeat([0.5 / len(inside), 0.5 / len(outside)], [len(inside), len(outside)])
    penalties = np.append(np.full(len(means), penalty), 0.0)
    step = 1 / (np.linalg.eigvalsh((z * sample_weights[:, None]).T @ z)[-1] / 4 + penalty)
    least = np.append(np.zeros(len(means)), -np.inf)
    weights, ahead, momentum = (np.zeros(z.shape[1]), np.zeros(z.shape[1]), 1.0)
    for _ in range(_STEPS):
        error = sample_weights * (np.exp(-np.logaddexp(0, -(z @ ahead))) - truth)
        moved = np.maximum(least, ahead - step * (z.T @ error + penalties * ahead))
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        if (moved - weights) @ (ahead - moved) > 0:  # it overshoots: begin again from here
            following = 1.0
        ahead = moved + (momentum - 1) / following * (moved - weights)
        change = float(np.abs(moved - weights).max())
        weights, momentum = moved, following
        if change < _STILL:
            break
    return Combination(means, deviations, weights[:-1], float(weights[-1]))
