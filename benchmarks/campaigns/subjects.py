"""What the campaign mutates: good task folders, model folders, label files, vectors and texts, and how each is read."""

from pathlib import Path

from benchmarks.campaigns.label_subjects import label_subjects
from benchmarks.campaigns.model_subjects import model_subjects
from benchmarks.campaigns.mutated_inputs import Subject
from benchmarks.campaigns.task_subjects import task_subjects
from benchmarks.campaigns.text_subjects import text_subjects
from benchmarks.campaigns.vector_subjects import vector_subjects


def make_subjects(place: Path) -> list[Subject]:
    """Lay out all that is mutated, in folders of `place`."""
    models, tasks = place / "models", place / "tasks"
    return [
        *model_subjects(models),
        *task_subjects(tasks, models / "native"),
        *label_subjects(place / "labels"),
        *vector_subjects(place / "vectors", models / "native"),
        *text_subjects(place / "texts", tasks),
    ]
