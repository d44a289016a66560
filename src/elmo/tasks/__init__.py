"""Tasks: labelled examples in; trained task models, scores and predictions out.

    from elmo.tasks import train
    task = train([("a fine film", "good"), ...], dev=[...])

The public names are loaded on first use. Start reading with `fit.py`, then `kinds/registry.py`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["Evaluation", "TrainedTask", "TrainingCallback", "load_task", "train"]

_HOME = {
    "Evaluation": "elmo.tasks.results",
    "TrainedTask": "elmo.tasks.saved_task",
    "TrainingCallback": "elmo.tasks.training",
    "load_task": "elmo.tasks.saved_task",
    "train": "elmo.tasks.train_examples",
}

if TYPE_CHECKING:
    from elmo.tasks.results import Evaluation
    from elmo.tasks.saved_task import TrainedTask, load_task
    from elmo.tasks.train_examples import train
    from elmo.tasks.training import TrainingCallback


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'elmo.tasks' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
