"""Tagged sentences as records (jsonl, json, parquet) -> examples: slots as SNIPS and ATIS have them, or spans by characters.

A record has `tokens` (or `text`, cut at its blanks) and as many `tags` (also `slots`, `ner_tags`, `labels`); or `text` and
`spans` (also `entities`, `slots`, `label`), each [start, end, label] or an object with these names, in characters of the text;
its tokens are then those of the record (strings, or objects with `text`, `start`, `end`, as Prodigy has them), else ours, and a
token that a span covers in part belongs to it. Sentences that Prodigy's users rejected (`"answer": "reject"`) are left out.
"""

import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from elmo.errors import TextError
from elmo.tasks.data.labelled_records import listed_keys, read_objects
from elmo.tasks.data.tags import OUTSIDE
from elmo.tasks.examples import Example, with_blanks
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token

_TEXTS, _TOKENS = ("text", "sentence"), ("tokens", "words")
_TAGS = ("tags", "slots", "ner_tags", "labels")
_SPANS = ("spans", "entities", "slots", "label", "labels")
_STARTS, _ENDS = ("start", "start_offset", "begin"), ("end", "end_offset")
_LABELS = ("label", "labels", "type", "tag", "entity", "entity_group")
_WORD = re.compile(r"\S+")
_NOTES = {  # what is counted over a file
    "rejected": "sentences are left out because their answer is not accept",
    "widened": "spans begin or end inside a token; the whole token belongs to them",
    "utf16": "sentences have spans that fit only if characters are counted in UTF-16 units; they are read that way",
}


def read_tagged_records(path: Path, label: str | None = None, tokenizer: Tokenizer = VERSION_1) -> list[Example]:
    """All sentences of a file, with a warning for what was left out or changed.

    Args:
        label: the name of the tags or spans in the file; None: one of those above.
    Raises:
        TextError: the file is missing or broken, a line is no record of the form, or there is none; the message names the line.
    """
    notes: Counter[str] = Counter()
    examples = []
    for line, where, record in read_objects(path):
        if record.get("answer", "accept") != "accept":
            notes["rejected"] += 1
        else:
            examples.append(tagged_record(record, line, label, where, notes, tokenizer))
    if not examples:
        raise TextError(f"{path}: contains no sentence; a record has tokens and tags")
    for name, n in notes.items():
        warnings.warn(f"{path}: {n:,} {_NOTES[name]}", stacklevel=2)
    return examples


def tagged_record(
    record: Mapping[str, Any],
    line: int,
    label: str | None,
    where: str,
    notes: Counter[str] | None = None,
    tokenizer: Tokenizer = VERSION_1,
) -> Example:
    """A record as an example.

    Args:
        label: see `read_tagged_records`. notes: what is counted, by the names of `_NOTES`.
    Raises:
        TextError: it has another form.
    """
    text, words = (next((record[n] for n in names if record.get(n) is not None), None) for names in (_TEXTS, _TOKENS))
    tags = _first(record, (label,) if label else _TAGS, lambda given: all(isinstance(tag, str) for tag in given))
    spans = _first(
        record, (label,) if label else _SPANS, lambda given: not any(isinstance(span, str | int) for span in given)
    )
    if (
        spans is None
        and tags is None
        and any(name in record for name in ((label,) if label else ("spans", "entities")))
    ):
        spans = []  # null
    if isinstance(text, list):
        text, words = None, text
    if spans is not None and (isinstance(text, str) or _has_offsets(words)):
        return _by_spans(text, words, spans, line, where, Counter() if notes is None else notes, tokenizer)
    if isinstance(words, list) and words and all(isinstance(word, str) and word.strip() for word in words):
        whole, tokens = with_blanks(words)
    elif isinstance(text, str) and text.strip():
        whole, tokens = text, [Token(m.group(), *m.span()) for m in _WORD.finditer(text)]
    else:
        given = text if words is None else words
        found = listed_keys(record) if given is None else repr(given)[:40]
        raise TextError(f"{where}: no text (found: {found}); give a list of words as 'tokens' or a string as 'text'")
    if tags is None:
        _refuse_numbers(record, (label,) if label else _TAGS, where)
        raise TextError(
            f"{where}: no tags (looked for: {label or ', '.join((*_TAGS, 'spans'))}); give a list with one per token"
        )
    if len(tags) != len(tokens):
        raise TextError(f"{where}: {len(tags)} tags for {len(tokens)} tokens; give one per token")
    return Example(tokens, list(tags), whole, line)


def _first(record: Mapping[str, Any], names: Sequence[str], is_one: Any) -> list[Any] | None:
    """The first value that is a list of the expected items."""
    return next((record[name] for name in names if isinstance(record.get(name), list) and is_one(record[name])), None)


def _refuse_numbers(record: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    for name in names:
        given = record.get(name)
        if isinstance(given, list) and given and all(type(tag) is int for tag in given):
            raise TextError(
                f"{where}: {name!r} contains numbers; write the names of the tags (of a Hugging Face data set: "
                f"features[{name!r}].feature.int2str)"
            )


def _has_offsets(words: Any) -> bool:
    return isinstance(words, list) and bool(words) and all(isinstance(word, dict) for word in words)


class _Span(NamedTuple):
    start: int
    end: int
    label: str
    text: str | None  # what the record says that it covers


def _by_spans(
    text: Any,
    words: Any,
    given: Sequence[Any],
    line: int,
    where: str,
    notes: Counter[str],
    tokenizer: Tokenizer,
) -> Example:
    """An example of a text with spans in characters."""
    if not isinstance(text, str) or not text.strip():
        raise TextError(f"{where}: no text (found: {text!r:.40}); spans count the characters of a string 'text'")
    spans = [_span(span, where) for span in given]
    named = [span for span in spans if span.text is not None]
    if any(text[span.start : span.end] != span.text for span in named):
        units = text.encode("utf-16-le", "surrogatepass")
        at = {n: i for i, n in enumerate(_units_before(text))}  # units before a character -> its number
        moved = [s._replace(start=at.get(s.start, -1), end=at.get(s.end, -1)) for s in spans]
        if len(units) > 2 * len(text) and all(text[s.start : s.end] == s.text for s in moved if s.text is not None):
            spans = moved
            notes["utf16"] += 1
    tokens = _tokens(text, words, where, tokenizer)
    tags = [OUTSIDE] * len(tokens)
    for span, shown in zip(spans, given, strict=True):
        if not 0 <= span.start < span.end <= len(text):
            raise TextError(f"{where}: the span {shown!r:.60} is not within the text, {len(text)} characters long")
        if span.text is not None and text[span.start : span.end] != span.text:
            there = text[span.start : span.end]
            raise TextError(
                f"{where}: the span {shown!r:.80} should cover {span.text!r:.40}, but the text there is {there!r:.40}"
            )
        inside = [i for i, token in enumerate(tokens) if token.start < span.end and token.end > span.start]
        if not inside:
            raise TextError(f"{where}: the span {shown!r:.60} covers no word, or has no label")
        if any(tags[i] != OUTSIDE for i in inside):
            raise TextError(f"{where}: the span {shown!r:.60} overlaps another; a token has one tag")
        notes["widened"] += tokens[inside[0]].start < span.start or tokens[inside[-1]].end > span.end
        for i in inside:
            tags[i] = f"{'B' if i == inside[0] else 'I'}-{span.label}"
    if not notes["widened"]:
        del notes["widened"]
    return Example(tokens, tags, text, line)


def _units_before(text: str) -> list[int]:
    """UTF-16 units before each character, and before the end."""
    found = [0]
    for character in text:
        found.append(found[-1] + (2 if ord(character) > 0xFFFF else 1))
    return found


def _span(given: Any, where: str) -> _Span:
    """A span as [start, end, label], or an object."""
    if isinstance(given, Mapping):
        start, end, label = (next((given[n] for n in names if n in given), None) for names in (_STARTS, _ENDS, _LABELS))
        covered = given.get("text")
    elif isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 3:
        (start, end, label), covered = given, None
    else:
        start = end = label = covered = None
    if isinstance(label, list) and len(label) == 1:
        (label,) = label
    if type(start) is not int or type(end) is not int:
        raise TextError(f"{where}: {given!r:.60} is not a span; give [start, end, label] in characters")
    if not isinstance(label, str) or not label:
        raise TextError(f"{where}: the span {given!r:.60} covers no word, or has no label")
    return _Span(start, end, label, covered if isinstance(covered, str) else None)


def _tokens(text: str, words: Any, where: str, tokenizer: Tokenizer) -> list[Token]:
    """The tokens of a text: those of the record, found in it, else ours."""
    if not isinstance(words, list) or not words:
        return tokenizer.tokenize(text)
    tokens, at = [], 0
    for word in words:
        own = word.get("text") if isinstance(word, Mapping) else word
        if not isinstance(own, str):
            raise TextError(
                f"{where}: the token {own!r:.40} is not a word; give strings, or objects with 'text' and 'start'"
            )
        start = text.find(own, at) if own else -1
        if isinstance(word, Mapping) and type(word.get("start")) is int:
            start = word["start"] if text.startswith(own, word["start"]) and word["start"] >= at else start
        if start < 0:
            raise TextError(
                f"{where}: the token {own!r:.40} is not in the text; leave 'tokens' out, or 'text' and 'spans'"
            )
        if own.strip():
            tokens.append(Token(own, start, start + len(own)))
        at = start + len(own)
    return tokens
