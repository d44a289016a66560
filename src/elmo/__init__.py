"""elmo: deep contextual word vectors (Peters et al. 2018): train, load, embed.

    from elmo import Elmo
    vectors = Elmo.from_pretrained().embed(["The bank of the river"])

The public names are loaded on first use, so that `import elmo` pulls in no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Elmo", "ElmoError", "ScalarMix", "Token", "__version__", "load_task", "open_vectors"]

_HOME = {
    "Elmo": "elmo.embed.embedder",
    "ElmoError": "elmo.errors",
    "ScalarMix": "elmo.model.scalar_mix",
    "Token": "elmo.text.tokens",
    "load_task": "elmo.tasks.saved_task",
    "open_vectors": "elmo.embed.arrow_vectors",
}

if TYPE_CHECKING:
    from elmo.embed.arrow_vectors import open_vectors
    from elmo.embed.embedder import Elmo
    from elmo.errors import ElmoError
    from elmo.model.scalar_mix import ScalarMix
    from elmo.tasks.saved_task import load_task
    from elmo.text.tokens import Token


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'elmo' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)
