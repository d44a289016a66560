"""The settings of a tagging task."""

from typing import Literal

from elmo.tasks.config import TaskConfig
from elmo.tasks.data.tags import Scheme


class TagConfig(TaskConfig, frozen=True):
    """The settings of a tagging task."""

    task: Literal["tag"] = "tag"
    scheme: Scheme | None = None  # tagging scheme of the files; None: detected. Not needed for tags that are not spans
    spans: bool | None = None  # whether tags are spans (entities) or one label per token; None: detected
