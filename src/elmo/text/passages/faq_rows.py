"""Tables and records of questions and answers -> their rows, each with the characters of its answer in the decoded file."""

import json
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from elmo.errors import TextError

QUESTION_NAMES = ("question", "q", "query", "prompt", "instruction", "问题", "提问")
ANSWER_NAMES = ("answer", "a", "response", "reply", "答案", "回答")
_DELIMITERS = ",;\t|"
_SPACE = " \t\r\n"
Cell = tuple[str, int, int]  # what it says; start and end in the file, without quotation marks


class FaqRow(NamedTuple):
    """A question with its answer."""

    question: str  # may be empty
    answer: str
    start: int  # of the answer, in characters of the decoded file, as it is written there
    end: int


def faq_rows(
    document: str, kind: str, name: str, question: str | None = None, answer: str | None = None
) -> Iterator[FaqRow]:
    """The rows of a file; those without an answer are left out.

    Args:
        document: the decoded file. kind: "csv", "tsv" or "jsonl". name: of the file, for messages.
        question, answer: names of the columns or fields; None: one of the usual names.
    Raises:
        TextError: there are no such columns, or a row is broken; the message names the line.
    """
    wanted = [(question,) if question else QUESTION_NAMES, (answer,) if answer else ANSWER_NAMES]
    rows = (
        _records(document, name) if kind == "jsonl" else _table(document, name, "\t" if kind == "tsv" else _DELIMITERS)
    )
    keys: list[str] | None = None
    for line, row in rows:
        if keys is None:
            keys = [
                _name_in(row, names, what, f"{name}, line {line}") for names, what in zip(wanted, _ROLES, strict=True)
            ]
        asked, answered = (row.get(key, ("", 0, 0)) for key in keys)
        text = answered[0].strip()
        if text:
            yield FaqRow(asked[0].strip(), text, *_stripped(document, answered))


_ROLES = ("question", "answer")


def _stripped(document: str, cell: Cell) -> tuple[int, int]:
    _, start, end = cell
    raw = document[start:end]
    return start + len(raw) - len(raw.lstrip()), end - (len(raw) - len(raw.rstrip()))


def _name_in(row: dict[str, Cell], names: tuple[str, ...], what: str, where: str) -> str:
    known = {key.strip().casefold(): key for key in reversed(row)}
    for name in names:
        if name.casefold() in known:
            return known[name.casefold()]
    there = ", ".join(repr(key[:40]) for key in list(row)[:20])
    raise TextError(
        f"{where}: no {what} {'or '.join(repr(name) + ' ' for name in names[:1])}among {there}; a table of questions and answers "
        f"has columns question and answer: name yours (--{what} NAME)"
    )


def _table(document: str, name: str, delimiters: str) -> Iterator[tuple[int, dict[str, Cell]]]:
    """The rows below the first, by its names."""
    head = document[: document.find("\n") if "\n" in document else len(document)]
    delimiter = max(delimiters, key=head.count)
    header: list[str] | None = None
    at, line = 0, 1
    while at < len(document):
        cells, behind = _row(document, at, delimiter, f"{name}, line {line}")
        if any(cell[0].strip() for cell in cells):
            if header is None:
                header = [cell[0] for cell in cells]
            elif len(cells) != len(header):
                raise TextError(
                    f"{name}, line {line}: {len(cells)} cell(s), the first line names {len(header)} columns"
                )
            else:
                yield line, dict(zip(header, cells, strict=True))
        line += document.count("\n", at, behind)
        at = behind


def _row(document: str, at: int, delimiter: str, where: str) -> tuple[list[Cell], int]:
    """The cells of the row that begins here, as RFC 4180 has them, and where the next row begins."""
    cells: list[Cell] = []
    while True:
        if document.startswith('"', at):
            start, at = at + 1, at + 1
            while True:
                at = document.find('"', at)
                if at < 0:
                    raise TextError(f"{where}: a cell has no closing quotation mark; the table is broken or cut short")
                if document[at + 1 : at + 2] != '"':
                    break
                at += 2
            cells.append((document[start:at].replace('""', '"'), start, at))
            at += 1
            if at < len(document) and document[at] not in (delimiter, "\r", "\n"):
                raise TextError(f"{where}: text after a closing quotation mark; double the marks within a cell")
        else:
            start = at
            while at < len(document) and document[at] not in (delimiter, "\r", "\n"):
                at += 1
            cells.append((document[start:at], start, at))
        if at >= len(document) or document[at] != delimiter:
            return cells, min(len(document), at + (2 if document.startswith("\r\n", at) else 1))
        at += 1


def _records(document: str, name: str) -> Iterator[tuple[int, dict[str, Cell]]]:
    """The strings of each line, a JSON object, by their keys."""
    at, line = 0, 1
    while at < len(document):
        end = document.find("\n", at)
        end = len(document) if end < 0 else end
        if document[at:end].strip():
            yield line, _record(document, at, end, f"{name}, line {line}")
        at, line = end + 1, line + 1


def _record(document: str, at: int, end: int, where: str) -> dict[str, Cell]:
    text, decoder = document[at:end], json.JSONDecoder()
    cells: dict[str, Cell] = {}
    try:
        if not isinstance(json.loads(text), dict):
            raise TextError(f"{where}: not a JSON object; each line of a .jsonl file is one")
        here = text.index("{") + 1
        while text[(here := _skip(text, here, ",")) :][:1] != "}":
            key, here = scanstring(text, here + 1)
            here = _skip(text, here, ":")
            value: Any
            value, behind = decoder.raw_decode(text, here)
            if isinstance(value, str):
                cells[key] = (value, at + here + 1, at + behind - 1)
            else:
                cells.setdefault(key, ("", at + here, at + here))
            here = behind
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise TextError(f"{where}: not JSON ({reason}); each line of a .jsonl file is one JSON object") from error
    return cells


def _skip(text: str, at: int, sign: str) -> int:
    while at < len(text) and (text[at] in _SPACE or text[at] == sign):
        at += 1
    return at


def written_text(raw: str, kind: str) -> str:
    """What the characters of a cell say: `raw` is a part of a decoded file that `faq_rows` has given."""
    if kind == "jsonl":
        found: str = json.loads(f'"{raw}"')
        return found.strip()
    return raw.replace('""', '"').strip()
