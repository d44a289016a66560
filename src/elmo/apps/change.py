"""An old import path: `measure_change` and its settings are in `elmo.analysis` now."""

import warnings

from elmo.analysis.usage_change import ChangeSettings as Settings
from elmo.apps.studies.change import measure_change  # with `output`, as it was

__all__ = ["Settings", "measure_change"]
warnings.warn(
    "elmo.apps.change moved: from elmo.analysis import ChangeSettings, measure_change", DeprecationWarning, stacklevel=2
)
