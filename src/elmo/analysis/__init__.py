"""Analysis: a model and texts in; measures of what its vectors encode out. Start with `change_scores.py` or `probe_scores.py`.

Public: neighbours of a word in context, change of use between texts, typing errors, the sentences of the demo.
"""

from typing import TYPE_CHECKING

from elmo.public_names import lazy_names

if TYPE_CHECKING:
    from elmo.analysis.context_index import ContextIndex
    from elmo.analysis.neighbours import Neighbours, find_neighbours
    from elmo.analysis.usage_change import ChangeSettings, WordChange, measure_change
    from elmo.text.demo_sentences import read_occurrences
    from elmo.text.typing_errors import misspell

__all__ = [
    "ChangeSettings",
    "ContextIndex",
    "Neighbours",
    "WordChange",
    "find_neighbours",
    "measure_change",
    "misspell",
    "read_occurrences",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "ChangeSettings": "elmo.analysis.usage_change",
        "ContextIndex": "elmo.analysis.context_index",
        "Neighbours": "elmo.analysis.neighbours",
        "WordChange": "elmo.analysis.usage_change",
        "find_neighbours": "elmo.analysis.neighbours",
        "measure_change": "elmo.analysis.usage_change",
        "misspell": "elmo.text.typing_errors",
        "read_occurrences": "elmo.text.demo_sentences",
    },
)
