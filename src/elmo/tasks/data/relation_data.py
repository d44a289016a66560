"""Texts with two marked mentions -> examples.

A text marks them as SemEval-2010 task 8 does, `The <e1>child</e1> lay in the <e2>cradle</e2>.`, or says where they are: `head`
and `tail`, [start, end] in characters of `text`; with a list of `tokens`, the numbers of the tokens of each, from 0.
"""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from elmo.errors import TextError
from elmo.tasks.data.labelled_records import Record, Wanted, json_object, read_records, record_of, text_and_tokens
from elmo.tasks.examples import Example
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token

_FIELDS = {"text": ("text", "sentence", "tokens"), "head": ("head", "e1"), "tail": ("tail", "e2")}
_MARK = re.compile(r"</?e[12]>")
_SIGNS = ["<e1>", "</e1>", "<e2>", "</e2>"]

Ends = tuple[int, int]


def _wanted(text: str | None, label: str | None) -> Wanted:
    extra = tuple(other for name in ("head", "tail") for other in _FIELDS[name])
    return Wanted(("text",), {"text": text, "label": label}, extra)


def read_relations(
    path: Path,
    text: str | None = None,
    label: str | None = None,
    report: Callable[[str], None] = lambda line: None,
    tokenizer: Tokenizer = VERSION_1,
) -> list[Example]:
    """Texts with two mentions and the label of their relation.

    Raises:
        TextError: see `read_records`; or a mention is missing or covers no word.
    """
    examples, widened = [], 0
    for record in read_records(path, _wanted(text, label), report):
        examples.append(_example(record, tokenizer))
        if isinstance(record.values.get("text"), str):
            given = (record.values.get(name) for name in ("head", "e1", "tail", "e2"))
            widened += sum(_widened(one, examples[-1]) for one in given if one is not None)
    if widened:
        told = f"{path}: {widened} mentions begin or end inside a token; the whole token belongs to them"
        warnings.warn(told, stacklevel=2)
    return examples


def _widened(given: Sequence[int], example: Example) -> bool:
    """Whether a mention in characters ends elsewhere than its tokens."""
    starts, ends = ({getattr(token, end) for token in example.tokens} for end in ("start", "end"))
    return given[0] not in starts or given[1] not in ends


def labelled_relation(
    given: Mapping[str, Any],
    text: str | None,
    label: str | None,
    number: int,
    where: str,
    tokenizer: Tokenizer = VERSION_1,
) -> Example:
    """A dict like a line of a jsonl file.

    Raises:
        TextError: see `read_relations`.
    """
    return _example(record_of(given, _wanted(text, label), number, where), tokenizer)


def _example(record: Record, tokenizer: Tokenizer) -> Example:
    return related_example(_by_our_names(record.values), record.labels, record.line, record.where, tokenizer)


def _by_our_names(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: next((values[n] for n in names if n in values), None) for name, names in _FIELDS.items()}


def related_line(line: str, number: int, where: str, tokenizer: Tokenizer = VERSION_1) -> Example:
    """A line of a text with marks, or a JSON object, without its label."""
    values = json_object(line, where) if line.lstrip().startswith("{") else {"text": line}
    return related_example(_by_our_names(values), [], number, where, tokenizer)


def related_example(
    values: dict[str, Any], labels: list[str], line: int, where: str, tokenizer: Tokenizer = VERSION_1
) -> Example:
    """Find the mentions and the tokens that they cover.

    Raises:
        TextError: a mention is missing or covers no word.
    """
    text, head, tail = (values.get(name) for name in _FIELDS)
    if isinstance(text, str) and head is None and tail is None:
        text, ends = _unmarked(text, where)
        whole, tokens = text_and_tokens(text, where, tokenizer=tokenizer)
        spans = [_covered(tokens, *pair, where) for pair in ends]
    else:
        whole, tokens = text_and_tokens(text, where, tokenizer=tokenizer)
        by_token = not isinstance(text, str)
        spans = [_given(value, whole, tokens, by_token, where) for value in (head, tail)]
    return Example(tokens, labels, whole, line, mention_spans=tuple(spans))


def _unmarked(text: str, where: str) -> tuple[str, list[Ends]]:
    """A text without its marks, and the spans of the mentions in it: [start, end) in characters, e1 first."""
    found = list(_MARK.finditer(text))
    if sorted(match.group() for match in found) != sorted(_SIGNS):
        raise TextError(f"{where}: mark one mention <e1>...</e1> and one <e2>...</e2>, or give 'head' and 'tail'")
    offsets: dict[str, int] = {}
    taken = 0
    for match in found:
        offsets[match.group()] = match.start() - taken
        taken += len(match.group())
    return _MARK.sub("", text), [(offsets[f"<e{i}>"], offsets[f"</e{i}>"]) for i in (1, 2)]


def _given(value: Any, whole: str, tokens: Sequence[Token], by_token: bool, where: str) -> Ends:
    if not (isinstance(value, list | tuple) and value and all(type(n) is int and n >= 0 for n in value)):
        raise TextError(
            f"{where}: {value!r:.40} is not the position of a mention; give 'head' and 'tail' as [start, end] in characters "
            "of a text, or as the indices of their tokens"
        )
    if not by_token:
        if len(value) != 2:
            raise TextError(f"{where}: {value!r:.40} is not the position of a mention; give [start, end] in characters")
        if not value[0] < value[1] <= len(whole):
            raise TextError(f"{where}: the mention {value!r:.40} is not within the text, {len(whole)} characters long")
        return _covered(tokens, value[0], value[1], where)
    if max(value) >= len(tokens):
        raise TextError(
            f"{where}: a mention has token {max(value)}, but there are {len(tokens)} tokens, counted from 0"
        )
    return min(value), max(value) + 1


def _covered(tokens: Sequence[Token], start: int, end: int, where: str) -> Ends:
    """The tokens that lie, at least in part, within characters."""
    inside = [i for i, token in enumerate(tokens) if token.start < end and token.end > start]
    if not inside:
        raise TextError(f"{where}: the mention at characters {start} to {end} covers no word")
    return inside[0], inside[-1] + 1
