"""Predictions of a trained task for each line of a text."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from elmo.tasks.config import TaskConfig
from elmo.tasks.examples import Example
from elmo.tasks.kinds.registry import kind_of
from elmo.tasks.predictions import Prediction
from elmo.tasks.saved_task import AT_ONCE, load_task
from elmo.text.sources.lines import read_lines
from elmo.text.sources.texts import read_texts


class PredictedLine(NamedTuple):
    """A line with its prediction."""

    line: int  # from 1
    text: str
    other: str | None  # the second text
    prediction: Prediction
    min_score: float  # labels, entities, relations and answers with a lower score are left out

    def facts(self) -> dict[str, Any]:
        """What JSON can hold."""
        other = {} if self.other is None else {"other": self.other}
        return {"line": self.line, "text": self.text, **other, **self.prediction.facts(self.min_score)}

    def shown(self) -> str:
        """A line to read."""
        return self.prediction.shown(self.text, self.other, self.min_score)


def predict_lines(
    folder: Path,
    source: str,
    pretokenized: bool = False,
    dtype: str = "float32",
    min_score: float = 0.0,
    text_field: str | None = None,
    why: bool = False,
) -> Iterator[PredictedLine]:
    """Predictions for each line of a text.

    Args:
        source: a file of any format for a task that reads one text, else of lines; `-`: standard input.
        pretokenized: tokens are separated by white space.
        min_score: see `PredictedLine`.
        text_field: the field or column of a record that holds its text; None: `text`.
        why: see `TrainedTask.predict`.
    Raises:
        CheckpointError: no such task. TextError: the file is missing or broken.
    """
    task = load_task(folder, dtype=dtype)
    for examples in _blocks(task.file.config, Path(source), pretokenized, text_field):
        for example, prediction in zip(examples, task.predict(examples, why=why), strict=True):
            other = None if example.other is None else example.other.text
            yield PredictedLine(example.line, example.text, other, prediction, min_score)


def _blocks(config: TaskConfig, path: Path, pretokenized: bool, text_field: str | None) -> Iterator[list[Example]]:
    """The examples of a file, some at a time."""
    kind = kind_of(config)
    whole = kind.read_unlabelled(config, path)
    if whole is not None:
        yield whole
        return
    texts: Iterator[tuple[int, str | list[str]]] = enumerate(read_lines(path), start=1)
    if kind.reads_one_text:
        found = read_texts(path, text_field)
        texts = ((text.line, (text.text or "") if text.words is None else text.words) for text in found)
    while block := list(islice(texts, AT_ONCE)):
        yield [
            kind.example(config, text, number, f"line {number}")
            if isinstance(text, list)
            else kind.example_of_line(config, text, number, pretokenized)
            for number, text in block
        ]
