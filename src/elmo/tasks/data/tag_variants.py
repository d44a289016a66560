"""Tags of spans in other spellings (`B_PER`, `PER-B`, `b-per`, `0` for `O`) -> `B-PER` and `O`, if all of a file fit."""

import re
from collections import Counter
from collections.abc import Sequence

from elmo.errors import TextError
from elmo.tasks.data.tags import OUTSIDE, is_span_tag
from elmo.tasks.examples import Example

_OUTSIDE = ("O", "o", "0")
_DASHED = re.compile(r"[BIESMLU]-.+")
_SPELLINGS = (  # letter and label
    re.compile(r"(?P<letter>[BIESMLU])-(?P<label>.+)"),
    re.compile(r"(?P<letter>[BIESMLU])[_:|](?P<label>.+)"),
    re.compile(r"(?P<letter>[biesmlu])[-_:|](?P<label>.+)"),
    re.compile(r"(?P<label>.+)[-_:|](?P<letter>[BIESMLU])"),
)


def as_span_tags(examples: list[Example]) -> tuple[list[Example], str | None]:
    """Examples whose tags are spelled as `B-PER` and `O`, if all are of one of the spellings.

    Returns:
        the examples, and what was changed; None: nothing.
    """
    tags = {tag for example in examples for tag in example.labels}
    if all(map(is_span_tag, tags)):
        return examples, None
    for spelling in _SPELLINGS:
        found = {tag: match for tag in tags if tag not in _OUTSIDE and (match := spelling.fullmatch(tag))}
        outside = [tag for tag in tags if tag in _OUTSIDE]
        letters = {match["letter"].upper() for match in found.values()}
        if len(found) + len(outside) < len(tags) or len(outside) > 1 or not letters & set("BSUI"):
            continue
        own = {tag: f"{match['letter'].upper()}-{match['label']}" for tag, match in found.items()}
        own |= dict.fromkeys(outside, OUTSIDE)
        changed = sorted(tag for tag, new in own.items() if tag != new)
        return (
            [example._replace(labels=[own[tag] for tag in example.labels]) for example in examples],
            f"tags: {changed[0]} is read as {own[changed[0]]}",
        )
    return examples, None


def refuse_stray_tags(examples: Sequence[Example], source: str) -> None:
    """Refuse a file in which most tags are of spans and some are not: one odd tag would disable spans for the whole task.

    Raises:
        TextError: with the line of the first one.
    """
    counts = Counter(tag for example in examples for tag in example.labels if tag not in _OUTSIDE)
    n_spans = sum(n for tag, n in counts.items() if _DASHED.fullmatch(tag))
    if 2 * n_spans <= counts.total():
        return
    for example in examples:
        for at, tag in enumerate(example.labels):
            if not is_span_tag(tag):
                raise TextError(
                    f"{source}, line {example.line_of(at)}: the tag {tag!r} is not the tag of a span, unlike {n_spans:,} others "
                    "(B-PER, I-PER; other tokens O); correct it, or give --set spans=false to predict one label per token"
                )
