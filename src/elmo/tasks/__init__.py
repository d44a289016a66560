"""Tasks: labelled examples in; trained task models, scores and predictions out.

    from elmo.tasks import train
    task = train([("a fine film", "good"), ...], dev=[...])

Public: `train` and `load_task`, the `TrainedTask` that they give, what it predicts and how it is scored. Start reading with
`fit.py`, then `kinds/registry.py`.
"""

from typing import TYPE_CHECKING

from elmo.public_names import lazy_names

if TYPE_CHECKING:
    from elmo.tasks.predictions import Answer, Answered, Entity, Labelled, Related, Relation, Scored, Tagged
    from elmo.tasks.results import Evaluation
    from elmo.tasks.saved_task import TrainedTask, load_task
    from elmo.tasks.train_examples import train
    from elmo.tasks.training import TrainingCallback

__all__ = [
    "Answer",
    "Answered",
    "Entity",
    "Evaluation",
    "Labelled",
    "Related",
    "Relation",
    "Scored",
    "Tagged",
    "TrainedTask",
    "TrainingCallback",
    "load_task",
    "train",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Answer": "elmo.tasks.predictions",
        "Answered": "elmo.tasks.predictions",
        "Entity": "elmo.tasks.predictions",
        "Evaluation": "elmo.tasks.results",
        "Labelled": "elmo.tasks.predictions",
        "Related": "elmo.tasks.predictions",
        "Relation": "elmo.tasks.predictions",
        "Scored": "elmo.tasks.predictions",
        "Tagged": "elmo.tasks.predictions",
        "TrainedTask": "elmo.tasks.saved_task",
        "TrainingCallback": "elmo.tasks.training",
        "load_task": "elmo.tasks.saved_task",
        "train": "elmo.tasks.train_examples",
    },
)
