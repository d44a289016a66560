"""The score that a text in scope reaches with a given probability, by split conformal prediction (Vovk et al. 2005).

The p-value of a text with score s among n calibration texts in scope is (1 + how many of them have a score <= s) / (n + 1). If
the text is in scope and exchangeable with them, the p-value is at most e with a probability of at most e. A text is kept if its
p-value is above 1 - keep, and a text in scope is kept with a probability of at least `keep`, over the draw of the text and of
the calibration texts; without ties of at most keep + 1 / (n + 1). The only module that imports crepes (extra `scope`).
"""

import importlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.errors import ConfigError


def require_crepes() -> Any:
    """The package crepes.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return importlib.import_module("crepes")
    except ImportError:
        raise ConfigError(
            "a scope needs the package crepes; install it with pip install 'elmo-lm[scope]', or leave scope out"
        ) from None


def least_calibration(keep: float) -> int:
    """How many calibration texts it takes that some score is too low."""
    return math.ceil(round(keep / (1 - keep), 9))


def conformal_threshold(scores: NDArray[np.float64], keep: float) -> float:
    """The lowest score that is kept.

    Args:
        scores: (n,) of calibration texts in scope, 0 to 1.
    Returns:
        0 if every score is kept.
    """
    classifier = require_crepes().ConformalClassifier()
    classifier.fit(alphas=-scores)
    candidates = np.unique(np.append(scores, 0.0))  # the p-value changes at these only
    p_values = classifier.predict_p(-candidates[:, None], smoothing=False)[:, 0]
    return float(candidates[p_values > round(1 - keep, 12)].min())
