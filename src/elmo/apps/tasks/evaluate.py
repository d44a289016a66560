"""Scores of trained tasks on a file, and their predictions."""

from pathlib import Path
from typing import Any

from elmo.apps.tasks.task_report import write_task_report
from elmo.errors import ConfigError
from elmo.storage.atomic import refuse_existing
from elmo.tasks.learned_nothing import no_better_than_a_constant
from elmo.tasks.results import Evaluation, Result
from elmo.tasks.saved_task import load_task
from elmo.tasks.scoring.bootstrap import difference


def evaluate_task(
    folder: Path, path: Path, dtype: str = "float32", report: Path | None = None, min_score: float | None = None
) -> Evaluation:
    """Scores in percent on a file of labelled examples; see `TrainedTask.evaluate`.

    Args:
        report: a page to write: errors by label and kind of example.
    Raises:
        CheckpointError: no such task. TextError: the file is missing or broken. OutputError: the page exists.
        ConfigError: a threshold for a task that has none.
    """
    if report is not None:
        refuse_existing(report, None)
    task = load_task(folder, dtype=dtype)
    examples = task.read(path)
    predicted = task.predict(examples)
    found = task.evaluation(examples, predicted, min_score)
    if report is not None:
        write_task_report(task, examples, predicted, path.name, report)
    return found


class Comparison(Result, frozen=True):
    """Two trained tasks, A and B, on the same examples."""

    n_examples: int
    main_score: str
    a: float
    b: float
    difference: float
    low: float  # the middle 95 % of the difference over bootstrap samples
    high: float
    a_better_percent: float  # of the samples
    error_reduction: float  # by how many percent A lowers the error of B (100 - score), as the paper reports it
    warning: str | None = None  # why the difference says nothing; None: both tell the examples apart

    def facts(self) -> dict[str, Any]:
        """Flat; the scores as `a_f1` and `b_f1`."""
        return {
            "examples": self.n_examples,
            f"a_{self.main_score}": self.a,
            f"b_{self.main_score}": self.b,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "a_better_share": self.a_better_percent,
            "error_reduction": self.error_reduction,
            **({} if self.warning is None else {"warning": self.warning}),
        }


def compare_tasks(a: Path, b: Path, path: Path, dtype: str = "float32") -> Comparison:
    """Compare two trained tasks on the same examples, with a confidence interval of the difference.

    Raises:
        CheckpointError: no such task. ConfigError: tasks of two kinds. TextError: the file is missing or broken.
    """
    one, other = (load_task(folder, dtype=dtype) for folder in (a, b))
    name = one.model.main_score
    if name != other.model.main_score:
        raise ConfigError(
            f"{a} is scored by {name}, but {b} by {other.model.main_score}; compare two tasks of the same kind"
        )
    examples = one.read(path)
    predicted = [task.predict(examples) for task in (one, other)]
    counts = [task.model.counts(examples, own) for task, own in zip((one, other), predicted, strict=True)]
    reasons = [
        f"{folder} has learned nothing: it {reason}"
        for folder, task, own in zip((a, b), (one, other), predicted, strict=True)
        if (reason := no_better_than_a_constant(task.model, examples, own)) is not None
    ]
    found = difference(counts[0], counts[1], one.main_score, other.main_score)
    scores = [float(task.main_score(own.sum(axis=0))) for task, own in zip((one, other), counts, strict=True)]
    return Comparison(
        n_examples=len(examples),
        main_score=name,
        a=scores[0],
        b=scores[1],
        difference=found.difference,
        low=found.interval.low,
        high=found.interval.high,
        a_better_percent=100 * found.fraction_above,
        error_reduction=100 * found.difference / (100 - scores[1]) if scores[1] < 100 else 0.0,
        warning=f"{'; '.join(reasons)}; the difference is no gain, train it anew" if reasons else None,
    )
