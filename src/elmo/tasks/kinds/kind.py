"""The interface of a kind of task."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from elmo.tasks.batches import TableSizes
from elmo.tasks.config import TaskConfig
from elmo.tasks.data.tags import Scheme
from elmo.tasks.examples import Example
from elmo.tasks.kinds.task_model import TaskModel

S = TypeVar("S", bound=TaskConfig)
M = TypeVar("M", bound=TaskModel[Any])  # of any predictions


class KnownLabels(NamedTuple):
    """The labels that a task can predict."""

    names: list[str]  # in order of the alphabet; for numbers their mean and deviation
    scheme: Scheme | None = None  # of tags that make spans


class Kind(Generic[S, M]):
    """A kind of task with settings S and models M; a subclass is one row of `KINDS`."""

    name: str
    old_names: tuple[str, ...] = ()  # that recipes, folders and `--task` may still have
    settings: type[S]
    reads_one_text: bool = False  # an example is one text, so that any file of texts can be predicted

    def for_file(self, config: S, path: Path) -> S:
        """The settings, completed from the training file.

        Raises:
            ConfigError: a setting does not fit the file.
        """
        return config

    def read(self, config: S, path: Path, report: Callable[[str], None] = lambda line: None) -> list[Example]:
        """The labelled examples of a file.

        Args:
            report: called with which columns are read, if the file has some.
        Raises:
            TextError: the file is missing, broken or of another kind; the message names the line.
        """
        raise NotImplementedError

    def labelled(self, config: S, given: object, number: int, where: str) -> Example:
        """An example with its labels, passed in as a tuple or as a dict like a line of a jsonl file.

        Args:
            number: from 1. where: for messages.
        Raises:
            TextError: it is none.
        """
        raise NotImplementedError

    def example(self, config: S, given: object, number: int, where: str) -> Example:
        """An example without labels, passed in for a prediction.

        Raises:
            TextError: it is something else.
        """
        raise NotImplementedError

    def example_of_line(self, config: S, line: str, number: int, pretokenized: bool) -> Example:
        """The example of a line of a text file to predict.

        Args:
            pretokenized: tokens are separated by white space.
        Raises:
            TextError: it is none.
        """
        return self.example(config, line.split() if pretokenized else line, number, f"line {number}")

    def read_unlabelled(self, config: S, path: Path) -> list[Example] | None:
        """The examples of a file to predict; None: the file is a text with one example per line."""
        return None

    def usable(self, config: S, train: list[Example], source: str) -> list[Example]:
        """The examples that can be trained on; others are left out with a warning.

        Raises:
            TextError: none is left.
        """
        return train

    def labels(self, config: S, train: Sequence[Example], source: str) -> KnownLabels:
        """The labels of the training examples.

        Args:
            source: of the examples, for messages.
        Raises:
            TextError: too few labels, or a wrong one. ConfigError: they do not fit the settings.
        """
        raise NotImplementedError

    def require_gold(self, config: S, labels: KnownLabels, examples: Sequence[Example], source: str) -> None:
        """Refuse examples whose labels cannot be compared with predictions.

        Raises:
            TextError: with the line.
        """

    def labels_in(self, config: S, labels: KnownLabels, example: Example) -> Collection[str]:
        """The labels of an example that must be known from training."""
        return example.labels

    def build(self, config: S, labels: KnownLabels, tables: TableSizes, elmo: tuple[int, int] | None) -> M:
        """The model with initial weights.

        Args:
            tables: of words. elmo: (L, D) of the biLM; None: the baseline.
        """
        raise NotImplementedError
