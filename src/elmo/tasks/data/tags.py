"""Tags <-> spans: IOB1, IOB2 (here `bio`), BIOES, BMES.

Reading is lenient, as the evaluation program of CoNLL-2000 is (conlleval): a span continues while its label stays the same and no
letter begins or ends one, so every sequence of tags has spans, and those of a valid one are what its scheme says.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from elmo.errors import TextError

Scheme = Literal["bio", "iob1", "bioes", "bmes"]

OUTSIDE = "O"
_ALIKE = {"M": "I", "L": "E", "U": "S"}  # BMES and BILOU have other letters for the same
_LETTERS = frozenset("BIESMLU")


class Span(NamedTuple):
    """Tokens start to end - 1 with a label."""

    start: int
    end: int
    label: str  # "" where tags are bare letters, as in the segmentation of Chinese


def is_span_tag(tag: str) -> bool:
    """Whether a tag is `O`, or a letter of a scheme, alone or with a dash and a label."""
    return tag == OUTSIDE or (tag[:1] in _LETTERS and (tag[1:] == "" or (tag[1:2] == "-" and len(tag) > 2)))


def spans_of_tags(tags: Sequence[str]) -> list[Span]:
    """The spans of a sentence, in order.

    Raises:
        TextError: a tag is not the tag of a span.
    """
    spans: list[Span] = []
    start, label, before = 0, "", OUTSIDE
    for at, tag in enumerate([*tags, OUTSIDE]):
        letter, own = _parts(tag)
        goes_on = before in "BI" and letter in "IE" and own == label
        if before != OUTSIDE and not goes_on:
            spans.append(Span(start, at, label))
        if not goes_on:
            start, label = at, own
        before = letter
    return spans


def _parts(tag: str) -> tuple[str, str]:
    """Letter (B, I, E, S or O) and label."""
    if not is_span_tag(tag):
        raise TextError(
            f"the tag {tag!r} is not the tag of a span; spans have tags such as B-PER and I-PER, other tokens have O"
        )
    return _ALIKE.get(tag[0], tag[0]), tag[2:]


def tags_of_spans(spans: Iterable[Span], n_tokens: int, scheme: Scheme) -> list[str]:
    """The tags of a sentence.

    Args:
        spans: none overlaps another.
        n_tokens: T.
    """
    tags = [OUTSIDE] * n_tokens
    before: Span | None = None
    for span in sorted(spans):
        inner = "M" if scheme == "bmes" else "I"
        letters = ["B", *inner * (span.end - span.start - 1)]
        if scheme in ("bioes", "bmes"):
            letters[-1] = "E" if len(letters) > 1 else "S"
        elif scheme == "iob1" and not (before and before.end == span.start and before.label == span.label):
            letters[0] = "I"
        tags[span.start : span.end] = [f"{letter}-{span.label}" if span.label else letter for letter in letters]
        before = span
    return tags


def guess_scheme(sentences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme whose letters the tags use; `iob1` if a span begins with `I`."""
    letters: set[str] = set()
    begins_inside = False
    for tags in sentences:
        letters |= {tag[0] for tag in tags}
        begins_inside = begins_inside or any(tags[span.start][0] == "I" for span in spans_of_tags(tags))
    if "M" in letters:
        return "bmes"
    if letters & set("ESLU"):
        return "bioes"
    return "iob1" if begins_inside else "bio"


def all_tags(labels: Sequence[str], scheme: Scheme) -> list[str]:
    """All K tags of spans with these labels, `O` first."""
    letters = {"bio": "BI", "iob1": "BI", "bioes": "BIES", "bmes": "BMES"}[scheme]
    return [OUTSIDE, *(f"{letter}-{label}" if label else letter for label in labels for letter in letters)]


def allowed_transitions(tags: Sequence[str], scheme: Scheme) -> tuple[Tensor, Tensor, Tensor]:
    """Which tags may begin a sentence, follow one another, and end it.

    Returns:
        bool (K,), (K, K) from row to column, (K,).
    """
    parts = [_parts(tag) for tag in tags]
    closed = scheme in ("bioes", "bmes")  # a span says where it ends

    def may_follow(before: tuple[str, str], after: tuple[str, str]) -> bool:
        inside = before[0] in "BI"  # a span is open, or, where none says its end, may be
        same = inside and before[1] == after[1]
        if closed:
            return same if after[0] in "IE" else not inside
        if scheme == "iob1":
            return after[0] != "B" or same
        return after[0] != "I" or same

    nothing = (OUTSIDE, "")
    start = [may_follow(nothing, part) for part in parts]
    between = [[may_follow(a, b) for b in parts] for a in parts]
    end = [may_follow(part, nothing) for part in parts]
    return torch.tensor(start), torch.tensor(between), torch.tensor(end)
