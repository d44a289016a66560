"""Read and describe the files of a task, for `elmo train` and `elmo doctor --task`."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from elmo.tasks.config import TaskConfig
from elmo.tasks.data.overview import Overview, overview
from elmo.tasks.kinds.registry import kind_of
from elmo.tasks.training import Labels, checked_labels


class LabelledFiles(NamedTuple):
    """The checked files of a task."""

    config: TaskConfig  # as the training file completes it
    labels: Labels
    overview: Overview


def read_labelled_files(
    config: TaskConfig, train: Path, dev: Path | None, report: Callable[[str], None] = lambda column: None
) -> LabelledFiles:
    """Read the files of a task and check their labels.

    Args:
        dev: None: only the training file is read.
        report: called with a line on each column, even if an example is refused later.
    Raises:
        TextError: a file is missing or broken, or has labels that cannot be learned. ConfigError: a setting that does not fit
        the files.
    """
    kind, columns = kind_of(config), list[str]()

    def note(column: str) -> None:
        columns.append(column)
        report(column)

    config = kind.for_file(config, train)
    whole = kind.read(config, train, note)
    of_dev = [] if dev is None else kind.read(config, dev)
    checked = checked_labels(config, whole, of_dev, str(train), str(dev or train))
    labels = [list(kind.labels_in(config, checked.known, example)) for example in whole]
    by_columns = checked.known.scheme is None
    return LabelledFiles(config, checked, overview(train.name, whole, of_dev, labels, columns, by_columns))
