"""The settings of a relation task."""

from typing import Literal

from pydantic import Field

from elmo.tasks.config import MOST_UNITS, TaskConfig


class RelationConfig(TaskConfig, frozen=True):
    """The settings of a relation task."""

    task: Literal["relation"] = "relation"
    text: str | None = None  # the name of the text in the files, or the number of its column; None: a known name
    position_size: int = Field(25, ge=1, le=MOST_UNITS)  # of the vector of a token's distance from a mention
    documents: bool = False  # of concepts in a document; set by the training file, PubTator or not
    ngrams: bool = False  # in documents: combined with a bag of n-grams, see `layers/ngrams.py`
