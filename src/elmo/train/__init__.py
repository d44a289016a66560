"""Training: a corpus and a recipe come in, a model folder goes out. Start with `loop.py`.

    from elmo.train import Run
    run = Run.begin("texts/*.txt", "my-model", {"size": "tiny"})
    result = run.train(max_minutes=30)

Public: a run and its result, its recipe, its reports and its objective; the adaptation of a model to new text; learning from a
teacher; the perplexity of a model on held-out sentences.
"""

from typing import TYPE_CHECKING

from elmo.public_names import lazy_names

if TYPE_CHECKING:
    from elmo.train.adaptation.adapt import adapt
    from elmo.train.config import PretrainConfig
    from elmo.train.objectives.objective import Objective
    from elmo.train.perplexity import Perplexity, measure_perplexity
    from elmo.train.run_log import Report
    from elmo.train.runs.run import Run
    from elmo.train.runs.session import RunResult
    from elmo.train.teachers.distil import distil

__all__ = [
    "Objective",
    "Perplexity",
    "PretrainConfig",
    "Report",
    "Run",
    "RunResult",
    "adapt",
    "distil",
    "measure_perplexity",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Objective": "elmo.train.objectives.objective",
        "Perplexity": "elmo.train.perplexity",
        "PretrainConfig": "elmo.train.config",
        "Report": "elmo.train.run_log",
        "Run": "elmo.train.runs.run",
        "RunResult": "elmo.train.runs.session",
        "adapt": "elmo.train.adaptation.adapt",
        "distil": "elmo.train.teachers.distil",
        "measure_perplexity": "elmo.train.perplexity",
    },
)
