"""Answers: files in; a knowledge base that answers questions with the characters of its files where it read the answer out.

    from elmo.answers import KnowledgeBase, build_kb
    build_kb(["manuals/", "faq.csv"], "kb")
    KnowledgeBase.load("kb")("When does the bank open?")

Public: building, asking, and calibrating a knowledge base. Start reading with `build.py`, then `knowledge_base.py`.
"""

from typing import TYPE_CHECKING

from elmo.public_names import lazy_names

if TYPE_CHECKING:
    from elmo.answers.build import build_kb
    from elmo.answers.calibration import Calibration
    from elmo.answers.fit_calibration import LabelledQuestion, calibrate
    from elmo.answers.knowledge_base import KBAnswer, KnowledgeBase
    from elmo.answers.source_files import read_source

__all__ = [
    "Calibration",
    "KBAnswer",
    "KnowledgeBase",
    "LabelledQuestion",
    "build_kb",
    "calibrate",
    "read_source",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Calibration": "elmo.answers.calibration",
        "KBAnswer": "elmo.answers.knowledge_base",
        "KnowledgeBase": "elmo.answers.knowledge_base",
        "LabelledQuestion": "elmo.answers.fit_calibration",
        "build_kb": "elmo.answers.build",
        "calibrate": "elmo.answers.fit_calibration",
        "read_source": "elmo.answers.source_files",
    },
)
