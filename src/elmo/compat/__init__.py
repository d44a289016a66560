"""Old calls that still work: AllenNLP, simple_elmo, ELMoForManyLangs. Change the import, keep the code; thin, over `embed`.

Public: a module for each of them.
"""

from typing import TYPE_CHECKING

from elmo.public_names import lazy_names

if TYPE_CHECKING:
    from elmo.compat import allennlp, elmoformanylangs, simple_elmo

__all__ = ["allennlp", "elmoformanylangs", "simple_elmo"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "allennlp": "elmo.compat.allennlp",
        "elmoformanylangs": "elmo.compat.elmoformanylangs",
        "simple_elmo": "elmo.compat.simple_elmo",
    },
)
