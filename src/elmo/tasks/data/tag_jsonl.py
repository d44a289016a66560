"""Tagged sentences as jsonl -> examples: slots as SNIPS and ATIS have them, or spans by their characters.

A line has `tokens` (or `text`, cut at its blanks) and as many `tags` (also `slots`, `ner_tags`, `labels`); or `text` and `spans`
(also `entities`, `slots`), each [start, end, label] or an object with these names, in characters of the text; its tokens are then
ours, and a token that a span covers in part belongs to it.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elmo.errors import TextError
from elmo.tasks.data.labelled_records import json_lines
from elmo.tasks.data.tags import OUTSIDE
from elmo.tasks.examples import Example, with_blanks
from elmo.text.tokens import Token, tokenize

_TEXTS, _TAGS, _SPANS = (
    ("tokens", "words", "text", "sentence"),
    ("tags", "slots", "ner_tags", "labels"),
    ("spans", "entities", "slots"),
)
_WORD = re.compile(r"\S+")


def read_tagged_records(path: Path, label: str | None = None) -> list[Example]:
    """All sentences of a file.

    Args:
        label: the name of the tags or spans in the file; None: one of those above.
    Raises:
        TextError: the file is missing or broken, a line is no record of the form, or there is none; the message names the line.
    """
    examples = [tagged_record(record, line, label, f"{path}, line {line}") for line, record in json_lines(path)]
    if not examples:
        raise TextError(f"{path}: contains no sentence; a line is a JSON object with tokens and tags")
    return examples


def tagged_record(record: Mapping[str, Any], line: int, label: str | None, where: str) -> Example:
    """A record as an example; arguments as of `read_tagged_records`.

    Raises:
        TextError: it has another form.
    """
    text = next((record[name] for name in _TEXTS if name in record), None)
    tags = _first(record, (label,) if label else _TAGS, lambda given: all(isinstance(tag, str) for tag in given))
    spans = _first(
        record, (label,) if label else _SPANS, lambda given: not any(isinstance(span, str) for span in given)
    )
    if isinstance(text, list) and text and all(isinstance(word, str) and word.strip() for word in text):
        whole, tokens = with_blanks(text)
        spans = None
    elif isinstance(text, str) and text.strip():
        whole = text
        tokens = tokenize(text) if spans is not None else [Token(m.group(), *m.span()) for m in _WORD.finditer(text)]
    else:
        raise TextError(
            f"{where}: no text (there: {text!r:.40}); give a list of words as 'tokens' or a string as 'text'"
        )
    if spans is not None:
        return Example(tokens, _tags_of(spans, tokens, where), whole, line)
    if tags is None:
        raise TextError(
            f"{where}: no tags (looked for: {label or ', '.join((*_TAGS, 'spans'))}); give a list, one a token"
        )
    if len(tags) != len(tokens):
        raise TextError(f"{where}: {len(tags)} tags for {len(tokens)} tokens; give one a token")
    return Example(tokens, list(tags), whole, line)


def _first(record: Mapping[str, Any], names: Sequence[str], is_one: Any) -> list[Any] | None:
    """The first value that is a list of what is looked for."""
    return next((record[name] for name in names if isinstance(record.get(name), list) and is_one(record[name])), None)


def _tags_of(spans: Sequence[Any], tokens: Sequence[Token], where: str) -> list[str]:
    """BIO tags of spans by characters."""
    tags = [OUTSIDE] * len(tokens)
    for span in spans:
        try:
            start, end, label = (span[name] for name in ("start", "end", "label")) if isinstance(span, dict) else span
            inside = [i for i, token in enumerate(tokens) if token.start < end and token.end > start]
        except (KeyError, TypeError, ValueError) as error:
            raise TextError(f"{where}: {span!r:.60} is no span; give [start, end, label] in characters") from error
        if not inside or not isinstance(label, str) or not label:
            raise TextError(f"{where}: the span {span!r:.60} covers no word, or has no label")
        if any(tags[i] != OUTSIDE for i in inside):
            raise TextError(f"{where}: the span {span!r:.60} overlaps another; a token has one tag")
        for i in inside:
            tags[i] = f"{'B' if i == inside[0] else 'I'}-{label}"
    return tags
