"""The settings of a tagging task."""

from typing import Literal

from elmo.tasks.config import TaskConfig
from elmo.tasks.data.tags import Scheme


class TagConfig(TaskConfig, frozen=True):
    """Of one tag for each token."""

    task: Literal["tag"] = "tag"
    scheme: Scheme | None = None  # of the tags in the files; None: guessed. Tags that are no spans need none
    spans: bool | None = None  # whether tags are spans (entities) or one label a token; None: by their look
