"""The settings of a task on pairs of texts."""

from typing import Literal

from elmo.tasks.config import TaskConfig


class PairConfig(TaskConfig, frozen=True):
    """Of a label or a number for two texts."""

    task: Literal["pair"] = "pair"
    regression: bool = False  # labels are numbers to predict
