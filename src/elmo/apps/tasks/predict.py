"""Predictions of a trained task for each line of a text."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from elmo.tasks.data.pubtator import holds_pubtator, read_documents
from elmo.tasks.kinds.dispatch import example_of_line
from elmo.tasks.saved_task import AT_ONCE, load_task
from elmo.text.sources.lines import decode_lines, read_lines


def predict_lines(
    folder: Path, source: str, pretokenized: bool = False, dtype: str = "float32", min_score: float = 0.0
) -> Iterator[dict[str, Any]]:
    """Predictions for each line of a text: `line`, `text`, and the facts of its prediction.

    Args:
        source: a file; `-`: standard input.
        pretokenized: tokens are separated by white space.
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
    lines = decode_lines(sys.stdin.buffer, "standard input") if source == "-" else read_lines(Path(source))
    numbered = enumerate(lines, start=1)
    while block := list(islice(numbered, AT_ONCE)):
        examples = [example_of_line(task.file.config, line, number, pretokenized) for number, line in block]
        for example, prediction in zip(examples, task.predict(examples), strict=True):
            other = {} if example.other is None else {"other": example.other.text}
            yield {"line": example.line, "text": example.text, **other, **prediction.facts(min_score)}
