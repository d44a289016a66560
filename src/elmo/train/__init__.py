"""Training: a corpus and a recipe come in, a model folder goes out. Start with `loop.py`.

Public: the recipe of a run, and the perplexity of a model on held-out sentences.
"""

from typing import TYPE_CHECKING

from elmo.public_names import lazy_names

if TYPE_CHECKING:
    from elmo.train.config import PretrainConfig
    from elmo.train.perplexity import Perplexity, measure_perplexity

__all__ = ["Perplexity", "PretrainConfig", "measure_perplexity"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Perplexity": "elmo.train.perplexity",
        "PretrainConfig": "elmo.train.config",
        "measure_perplexity": "elmo.train.perplexity",
    },
)
