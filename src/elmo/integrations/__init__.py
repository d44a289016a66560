"""elmo inside other systems; each module needs the extra of its name.

Public: `EmbedBatch` for Ray Data and Spark.
"""

from typing import TYPE_CHECKING

from elmo.public_names import lazy_names

if TYPE_CHECKING:
    from elmo.integrations.ray import EmbedBatch

__all__ = ["EmbedBatch"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "EmbedBatch": "elmo.integrations.ray",
    },
)
