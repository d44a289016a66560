"""An old import path: `read_occurrences` is in `elmo.analysis` now."""

import warnings

from elmo.text.demo_sentences import read_occurrences

__all__ = ["read_occurrences"]
warnings.warn("elmo.apps.demo moved: from elmo.analysis import read_occurrences", DeprecationWarning, stacklevel=2)
