"""Scores of trained tasks on a file, and their predictions."""

from pathlib import Path

from elmo.apps.tasks.task_report import write_task_report
from elmo.errors import ConfigError
from elmo.storage.atomic import refuse_existing
from elmo.tasks.predictions import Labelled
from elmo.tasks.saved_task import load_task
from elmo.tasks.scoring.abstention import scope_scores
from elmo.tasks.scoring.bootstrap import difference, interval


def evaluate_task(
    folder: Path, path: Path, dtype: str = "float32", report: Path | None = None, min_score: float | None = None
) -> dict[str, float]:
    """Scores in percent on a file of labelled examples (`Tagger.scores`, `Classifier.scores`).

    Args:
        report: a page to write: what is right and wrong, by label and kind of example.
        min_score: of texts with one label: predictions with a lower score are withheld; None: the threshold that keeps 95 %
            of the dev file.
    Returns:
        examples, the scores, the calibration error of a classifier, coverage and accuracy at its threshold where one is given
        or the file has labels that it does not know (`scope_scores`), and of the main score `low` and `high`: the middle 95 %
        over draws of the examples.
    Raises:
        CheckpointError: no such task. TextError: the file is missing or broken. OutputError: the page exists.
    """
    if report is not None:
        refuse_existing(report, None)
    task = load_task(folder, dtype=dtype)
    abstains = task.file.config.may_abstain
    if min_score is not None and not abstains:
        raise ConfigError(f"{folder}: --min-score is for texts with one label; leave --min-score out")
    examples = task.read(path)
    predicted = task.predict(examples)
    counts = task.model.counts(examples, predicted)
    scores = {name: float(value) for name, value in task.model.scores(counts.sum(axis=0)).items()}
    scores |= task.model.calibration(examples, predicted)
    if abstains:
        known = set(task.file.labels)
        threshold = task.file.training.get("min_score") if min_score is None else min_score
        if threshold is not None and (min_score is not None or any(not set(e.labels) <= known for e in examples)):
            labelled = [p for p in predicted if isinstance(p, Labelled)]
            scores |= scope_scores(examples, labelled, known, threshold)
    if report is not None:
        write_task_report(task, examples, predicted, path.name, report)
    low, high = interval(counts, task.main_score)
    name = task.model.main_score
    return {"examples": len(examples), **scores, f"{name}_low": low, f"{name}_high": high}


def compare_tasks(a: Path, b: Path, path: Path, dtype: str = "float32") -> dict[str, float | str]:
    """Two trained tasks on the same examples: is A better than B, and how sure is that?

    Returns:
        the main score of each, their `difference` with the middle 95 % over draws of the examples, the percent of the draws in
        which A is better, and by how many percent A lowers the error of B (100 - score), as the paper reports it.
    Raises:
        CheckpointError: no such task. ConfigError: tasks of two kinds. TextError: the file is missing or broken.
    """
    one, other = (load_task(folder, dtype=dtype) for folder in (a, b))
    name = one.model.main_score
    if name != other.model.main_score:
        raise ConfigError(f"{a} is measured by {name}, {b} by {other.model.main_score}; compare two tasks of one kind")
    examples = one.read(path)
    counts = [task.counts(examples) for task in (one, other)]
    found = difference(counts[0], counts[1], one.main_score, other.main_score)
    scores = [float(task.main_score(own.sum(axis=0))) for task, own in zip((one, other), counts, strict=True)]
    return {
        "examples": len(examples),
        f"a_{name}": scores[0],
        f"b_{name}": scores[1],
        "difference": found.difference,
        "low": found.interval.low,
        "high": found.interval.high,
        "a_better_share": 100 * found.share_above,
        "error_reduction": 100 * found.difference / (100 - scores[1]) if scores[1] < 100 else 0.0,
    }
