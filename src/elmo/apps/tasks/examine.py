"""Examine a file of labelled examples as `elmo train` reads it, without training: `elmo doctor FILE --task`."""

import shlex
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from elmo.apps.tasks.labelled_files import read_labelled_files
from elmo.apps.tasks.task_recipe import task_run
from elmo.tasks.data.overview import Overview


class Examined(NamedTuple):
    """The examples that a training would read."""

    file: Path
    task: str
    n_dev: int | None  # examples; None: no dev file was given
    overview: Overview
    odd: list[str]  # all that looks odd
    command: str  # that trains on it

    def lines(self) -> list[str]:
        """The lines and warnings that `elmo train` prints before it trains."""
        dev = [] if self.n_dev is None else [f"dev file: {self.n_dev:,} examples"]
        odd = [f"odd: {one}" for one in self.odd if one not in self.overview.remarks]
        return [*self.overview.lines(), *dev, *odd, *([] if self.odd else ["nothing looks odd"])]

    def facts(self) -> dict[str, Any]:
        """Flat: `label.NAME` is the number of examples with a label, `example_1.text` the first text, `odd_1` what looks odd."""
        view = self.overview
        facts: dict[str, Any] = {"file": str(self.file), "task": self.task, "examples": view.n_examples}
        facts |= {f"column_{number}": column for number, column in enumerate(view.columns, 1)}
        facts |= {"labels": len(view.labels), **{f"label.{name}": n for name, n in view.labels.most_common()}}
        for number, example in enumerate(view.first, 1):
            other = {} if example.other is None else {f"example_{number}.other": example.other.text}
            facts |= {f"example_{number}.text": example.text, **other, f"example_{number}.labels": example.labels}
        if self.n_dev is not None:
            facts["dev_examples"] = self.n_dev
        return facts | {f"odd_{number}": odd for number, odd in enumerate(self.odd, 1)} | {"command": self.command}


def examine_labelled(
    file: Path,
    task: str,
    dev: Path | None,
    overrides: Sequence[str],
    report: Callable[[str], None] = lambda column: None,
) -> Examined:
    """Examine a file of labelled examples.

    Args:
        task: the kind. dev: a second file, compared for unknown labels and for examples in both.
        overrides: `key=value`, as `--set` of `elmo train`. report: see `read_labelled_files`.
    Raises:
        TextError: see `read_labelled_files`. ConfigError: no such setting.
    """
    run = task_run(None, {"task": task}, file, dev or file, True, overrides)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = read_labelled_files(run.config, file, dev, report)
    view = found.overview
    odd = [*view.remarks, *view.other_columns, *(str(one.message) for one in caught)]
    n_dev = None if dev is None else len(found.labels.dev)
    sets = [word for setting in overrides for word in ("--set", setting)]
    command = ["elmo", "train", "--task", run.config.task, "--train", str(file), "--dev", str(dev or "DEV"), *sets]
    return Examined(file, run.config.task, n_dev, view, odd, shlex.join(command))
