"""elmo: deep contextual word vectors (Peters et al. 2018): train, load, embed.

    from elmo import Elmo
    vectors = Elmo.from_pretrained().embed(["The bank of the river"])

The public names are loaded on first use, so that `import elmo` pulls in no torch. What is public: `elmo` and its six packages
`elmo.answers`, `elmo.tasks`, `elmo.train`, `elmo.analysis`, `elmo.compat` and `elmo.integrations`, each with an `__all__`. All
other modules are internal and may change.
"""

from typing import TYPE_CHECKING

from elmo.public_names import lazy_names

if TYPE_CHECKING:
    from elmo import analysis, answers, compat, integrations, tasks, train
    from elmo.embed.arrow_vectors import open_vectors
    from elmo.embed.embedder import Elmo
    from elmo.errors import ElmoError
    from elmo.model.scalar_mix import ScalarMix
    from elmo.tasks.saved_task import load_task
    from elmo.text.tokens import Token

__version__ = "0.1.0"
__all__ = [
    "Elmo",
    "ElmoError",
    "ScalarMix",
    "Token",
    "__version__",
    "analysis",
    "answers",
    "compat",
    "integrations",
    "load_task",
    "open_vectors",
    "tasks",
    "train",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Elmo": "elmo.embed.embedder",
        "ElmoError": "elmo.errors",
        "ScalarMix": "elmo.model.scalar_mix",
        "Token": "elmo.text.tokens",
        "__version__": "elmo",
        "analysis": "elmo.analysis",
        "answers": "elmo.answers",
        "compat": "elmo.compat",
        "integrations": "elmo.integrations",
        "load_task": "elmo.tasks.saved_task",
        "open_vectors": "elmo.embed.arrow_vectors",
        "tasks": "elmo.tasks",
        "train": "elmo.train",
    },
)
