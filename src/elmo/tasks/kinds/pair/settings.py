"""The settings of a task on pairs of texts."""

from typing import Literal

from elmo.tasks.config import TaskConfig


class PairConfig(TaskConfig, frozen=True):
    """The settings of a task on pairs of texts."""

    task: Literal["pair"] = "pair"
    a: str | None = None  # names of the texts in the files, or numbers of their columns; None: known names
    b: str | None = None
    regression: bool = False  # labels are numbers to predict
