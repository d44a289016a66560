"""An overview of labelled examples, shown before a training: counts, labels, the first two, what looks odd."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from elmo.tasks.data.tags import is_span_tag
from elmo.tasks.examples import Example

_SHOWN_LABELS, _SHOWN_CHARACTERS = 8, 60
_MOST_OF_ALL = 0.9  # a label with so many of all
_LIKE_NO_LABEL = {"-", "--", "?", "nan", "NaN", "null", "n/a", "N/A"}  # SNLI has "-" where annotators disagreed
_NUMBER = re.compile(r"[\s\d.,:/_+-]*\d[\s\d.,:/_+-]*")


class Overview(NamedTuple):
    """The contents of a file of labelled examples."""

    name: str  # of the file
    n_examples: int
    columns: list[str]  # those that are read, with the number of their empty cells
    labels: Counter[str]  # the counted labels
    first: list[Example]  # two
    remarks: list[str]  # on unusual contents
    other_columns: list[str]  # signs that other columns were meant

    def lines(self) -> list[str]:
        """The lines that are shown before a training."""
        columns = f"; {'; '.join(self.columns)}" if self.columns else ""
        lines = [f"{self.name}: {self.n_examples:,} examples{columns}"]
        if self.labels:
            shown = ", ".join(f"{label or '(empty)'} {n:,}" for label, n in self.labels.most_common(_SHOWN_LABELS))
            lines.append(f"labels: {len(self.labels):,} ({shown}{', ...' if len(self.labels) > _SHOWN_LABELS else ''})")
        for number, example in enumerate(self.first, 1):
            other = f" | {_short(example.other.text)}" if example.other else ""
            own = ", ".join(example.labels[:12])
            lines.append(
                f"example {number}: {_short(_with_mentions(example))}{other}" + (f" -> {_short(own)}" if own else "")
            )
        return lines + [f"odd: {remark}" for remark in self.remarks]


def overview(
    name: str,
    train: Sequence[Example],
    dev: Sequence[Example],
    labels: Sequence[Sequence[str]],
    columns: Sequence[str],
    by_columns: bool,
) -> Overview:
    """Count and check labelled examples.

    Args:
        name: of the training file. dev: none, if there is no such file.
        labels: of each training example, those that are counted. columns: which are read.
        by_columns: texts and labels are in columns, which may have been chosen wrongly.
    """
    counts = Counter(label for some in labels for label in some)
    other_columns = _other_columns(train, counts) if by_columns else []
    return Overview(
        name, len(train), list(columns), counts, list(train[:2]), _remarks(train, dev, labels, counts), other_columns
    )


def _other_columns(examples: Sequence[Example], counts: Counter[str]) -> list[str]:
    found = []
    if len(examples) > 4 and all(_NUMBER.fullmatch(example.text) for example in examples):
        found.append("all texts are numbers; name the column of the text with --set text=NAME")
    words = {token.text for example in examples for token in example.tokens}
    if any("-" in word for word in words) and all(map(is_span_tag, words)):
        found.append(f"the words look like tags ({', '.join(sorted(words)[:3])}); the tag belongs in the last column")
    if len(examples) > 9 and len(counts) > 0.8 * len(examples):
        found.append(
            f"{len(counts):,} labels for {len(examples):,} examples; name the column of the label with --set label=NAME"
        )
    return found


def _remarks(
    train: Sequence[Example], dev: Sequence[Example], labels: Sequence[Sequence[str]], counts: Counter[str]
) -> list[str]:
    found = []
    if len(counts) > 1 and len(labels) == counts.total():
        label, n = counts.most_common(1)[0]
        if n >= _MOST_OF_ALL * counts.total():
            found.append(f"{100 * n / counts.total():.0f} % of the examples have the label {label!r}")
    for label in sorted(_LIKE_NO_LABEL.intersection(counts)):
        found.append(f"the label {label!r} of {counts[label]:,} examples may mean that they have none")
    of_text: dict[tuple[str, str | None], list[str]] = {}
    several = {_text_of(e) for e in train if of_text.setdefault(_text_of(e), e.labels) != e.labels}
    if several:
        found.append(f"texts with different labels in different examples: {len(several):,}")
    again = [e for e in dev if _text_of(e) in of_text]
    if again:
        differ = sum(of_text[_text_of(e)] != e.labels for e in again)
        found.append(f"{len(again):,} dev examples are in the training file too, {differ:,} with another label")
    same = sum(len(e.mention_spans) == 2 and e.mention_spans[0] == e.mention_spans[1] for e in train)
    if same:
        found.append(f"in {same:,} examples both mentions are the same words")
    return found


def _text_of(example: Example) -> tuple[str, str | None]:
    return example.text, example.other.text if example.other else None


def _with_mentions(example: Example) -> str:
    """The text, with the two mentions of a relation marked as <e1>...</e1> and <e2>...</e2>."""
    if len(example.mention_spans) != 2:
        return example.text
    marks = []
    for number, (start, end) in enumerate(example.mention_spans, 1):
        marks += [(example.tokens[start].start, 1, f"<e{number}>"), (example.tokens[end - 1].end, 0, f"</e{number}>")]
    text = example.text
    for at, _, mark in sorted(marks, reverse=True):
        text = text[:at] + mark + text[at:]
    return text


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _SHOWN_CHARACTERS else one_line[: _SHOWN_CHARACTERS - 3] + "..."
