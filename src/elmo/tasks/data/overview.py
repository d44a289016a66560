"""What labelled examples look like: how many, which labels, the first two, what looks odd; shown before a training."""

import re
from collections import Counter
from collections.abc import Sequence

from elmo.tasks.examples import Example

_SHOWN_LABELS, _SHOWN_CHARACTERS = 8, 60
_MOST_OF_ALL = 0.9  # a label with so many of all
_NUMBER = re.compile(r"[\s\d.,:/_+-]*\d[\s\d.,:/_+-]*")


def overview(
    name: str, examples: Sequence[Example], labels: Sequence[Sequence[str]], columns: Sequence[str]
) -> list[str]:
    """Lines to read before a training.

    Args:
        name: of the file. labels: of each example, those that are counted. columns: which are read.
    """
    counts = Counter(label for some in labels for label in some)
    lines = [f"{name}: {len(examples):,} examples" + (f"; {'; '.join(columns)}" if columns else "")]
    if counts:
        shown = ", ".join(f"{label or '(empty)'} {n:,}" for label, n in counts.most_common(_SHOWN_LABELS))
        lines.append(f"labels: {len(counts):,} ({shown}{', ...' if len(counts) > _SHOWN_LABELS else ''})")
    for number, example in enumerate(examples[:2], 1):
        other = f" | {_short(example.other.text)}" if example.other else ""
        own = ", ".join(example.labels[:12])
        lines.append(f"example {number}: {_short(example.text)}{other}" + (f" -> {_short(own)}" if own else ""))
    return lines


def oddities(examples: Sequence[Example], labels: Sequence[Sequence[str]]) -> list[str]:
    """What suggests that other columns were meant."""
    found = []
    counts = Counter(label for some in labels for label in some)
    if len(examples) > 4 and all(_NUMBER.fullmatch(example.text) for example in examples):
        found.append("all texts are numbers; name the column of the text with --set text=NAME")
    if len(examples) > 9 and len(counts) > 0.8 * len(examples):
        found.append(
            f"{len(counts):,} labels for {len(examples):,} examples; name the column of the label with --set label=NAME"
        )
    return found


def remarks(train: Sequence[Example], dev: Sequence[Example], labels: Sequence[Sequence[str]]) -> list[str]:
    """What a reader should know of the two files."""
    found = []
    counts = Counter(label for some in labels for label in some)
    if len(counts) > 1 and len(labels) == counts.total():
        label, n = counts.most_common(1)[0]
        if n >= _MOST_OF_ALL * counts.total():
            found.append(f"odd: {100 * n / counts.total():.0f} % of the examples have the label {label!r}")
    of_text = {(e.text, e.other.text if e.other else None): e.labels for e in train}
    again = [e for e in dev if (e.text, e.other.text if e.other else None) in of_text]
    if again:
        differ = sum(of_text[e.text, e.other.text if e.other else None] != e.labels for e in again)
        found.append(f"odd: {len(again):,} dev examples are in the training file too, {differ:,} with another label")
    return found


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _SHOWN_CHARACTERS else one_line[: _SHOWN_CHARACTERS - 3] + "..."
