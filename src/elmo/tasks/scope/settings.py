"""The settings of a scope."""

from typing import Annotated

from pydantic import BaseModel, Field

Fraction = Annotated[float, Field(gt=0, lt=1)]


class ScopeConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The settings of a scope: one of them, `--set scope.keep=0.95`, is enough to have one."""

    keep: Fraction = 0.95  # probability that a text in scope is kept
    calibration: Fraction = 0.5  # of the dev examples in scope; set aside for the threshold, and used for nothing else
