"""Predictions of a trained task for each line of a text."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from elmo.tasks.config import TaskConfig
from elmo.tasks.data.pubtator import holds_pubtator, read_documents
from elmo.tasks.examples import Example
from elmo.tasks.kinds.dispatch import example_of, example_of_line
from elmo.tasks.saved_task import AT_ONCE, load_task
from elmo.text.sources.lines import read_lines
from elmo.text.sources.texts import read_texts


def predict_lines(
    folder: Path,
    source: str,
    pretokenized: bool = False,
    dtype: str = "float32",
    min_score: float = 0.0,
    text_field: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Predictions for each line of a text: `line`, `text`, and the facts of its prediction.

    Args:
        source: a file of any kind for a task that reads one text, else of lines; `-`: standard input.
        pretokenized: tokens are separated by white space.
        text_field: the field or column of a record that holds its text; None: `text`.
        min_score: labels, entities and answers with a lower score are left out.
    Raises:
        CheckpointError: no such task. TextError: the file is missing or broken.
    """
    task = load_task(folder, dtype=dtype)
    if task.file.config.documents and holds_pubtator(Path(source)):
        documents = read_documents(Path(source))
        for example, prediction in zip(documents, task.predict(documents), strict=True):
            yield {"line": example.line, "text": example.text, **prediction.facts(min_score)}
        return
    numbered = _numbered_texts(task.file.config, Path(source), text_field)
    while block := list(islice(numbered, AT_ONCE)):
        examples = [_example(task.file.config, text, number, pretokenized) for number, text in block]
        for example, prediction in zip(examples, task.predict(examples), strict=True):
            other = {} if example.other is None else {"other": example.other.text}
            yield {"line": example.line, "text": example.text, **other, **prediction.facts(min_score)}


def _numbered_texts(config: TaskConfig, path: Path, text_field: str | None) -> Iterator[tuple[int, str | list[str]]]:
    """The texts of a file with their lines; for a task that reads two texts or marked ones, its lines."""
    if config.task not in ("tag", "classify"):
        yield from enumerate(read_lines(path), start=1)
        return
    for source in read_texts(path, text_field):
        yield source.line, (source.text or "") if source.words is None else source.words


def _example(config: TaskConfig, text: str | list[str], number: int, pretokenized: bool) -> Example:
    if isinstance(text, list):
        return example_of(config, text, number, f"line {number}")
    return example_of_line(config, text, number, pretokenized)
