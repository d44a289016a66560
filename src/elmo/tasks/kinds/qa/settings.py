"""The settings of a question answering task."""

from typing import Literal

from pydantic import PositiveInt

from elmo.tasks.config import TaskConfig


class QAConfig(TaskConfig, frozen=True):
    """The settings of a question answering task."""

    task: Literal["qa"] = "qa"
    no_answer: bool = False  # a passage need not answer its question (SQuAD 2.0)
    answer_scores: Literal["squad", "cmrc"] | None = None  # None: cmrc where the passage is Chinese, else squad
    longest_answer: PositiveInt = 17  # tokens
