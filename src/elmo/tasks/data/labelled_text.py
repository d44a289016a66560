"""Files of labelled texts (`labelled_records.py`) -> examples: a text, or two, and a label."""

from pathlib import Path

from elmo.tasks.data.labelled_records import read_records, text_and_tokens
from elmo.tasks.examples import Example

_TEXT = {"text": ("text", "sentence", "tokens")}
_PAIR = {"a": ("a", "premise", "sentence1", "text_a"), "b": ("b", "hypothesis", "sentence2", "text_b")}


def read_labelled(path: Path, label: str | None = None) -> list[Example]:
    """Texts with their labels.

    Raises:
        TextError: see `read_records`; or a text is missing or has no word.
    """
    examples = []
    for record in read_records(path, _TEXT, 1, label):
        whole, tokens = text_and_tokens(record.values.get("text"), record.where)
        examples.append(Example(tokens, record.labels, whole, record.line))
    return examples


def read_pairs(path: Path, label: str | None = None) -> list[Example]:
    """Pairs of texts with their labels.

    Raises:
        TextError: see `read_records`; or a text is missing or has no word.
    """
    examples = []
    for record in read_records(path, _PAIR, 2, label):
        (a, of_a), (b, of_b) = (text_and_tokens(record.values.get(name), record.where, name) for name in "ab")
        other = Example(of_b, [], b, record.line)
        examples.append(Example(of_a, record.labels, a, record.line, other))
    return examples
