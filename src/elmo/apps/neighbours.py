"""An old import path: `find_neighbours` is in `elmo.analysis` now."""

import warnings

from elmo.analysis.neighbours import find_neighbours

__all__ = ["find_neighbours"]
warnings.warn("elmo.apps.neighbours moved: from elmo.analysis import find_neighbours", DeprecationWarning, stacklevel=2)
