"""Files of questions about passages, in the formats of SQuAD 1.1 and 2.0, CMRC 2018 and Hugging Face -> examples.

The passage is the text of an example, the question its second text, the answers its labels: none if the passage does not answer
it. The spans are the tokens of the answers; an answer that is not in the passage has none, and still counts when scored.
"""

import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from elmo.errors import TextError
from elmo.tasks.data.labelled_records import read_objects, text_and_tokens
from elmo.tasks.examples import Example
from elmo.text.sources.file_kinds import format_of
from elmo.text.sources.lines import read_lines
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token

_CONTEXTS, _QUESTIONS = ("context", "context_text"), ("question", "query_text")


def read_questions(path: Path, tokenizer: Tokenizer = VERSION_1) -> list[Example]:
    """All questions of a file.

    Raises:
        TextError: the file is missing or broken, or holds something else; the message names the question.
    """
    content: Any
    if format_of(path) in ("jsonl", "parquet"):
        content = [record for _, _, record in read_objects(path)]
    else:
        try:
            content = json.loads("\n".join(read_lines(path)))
        except (ValueError, RecursionError) as error:
            raise TextError(f"{path}: not JSON ({error}); give questions in the format of SQuAD") from error
    examples: list[Example] = []
    moved: list[int] = []
    widened = 0
    for passage, questions in _passages(content, str(path)):
        tokens = tokenizer.tokenize(passage)
        for question in questions:
            number = len(examples) + 1
            named = _field(question, ("id", "query_id")) if isinstance(question, Mapping) else ""
            where = f"{path}, question {number} ({str(named or '')[:40]})"
            examples.append(_example(passage, tokens, question, number, where, tokenizer, moved))
            widened += _n_widened(examples[-1])
    if moved:
        warnings.warn(
            f"{path}: {len(moved):,} answers do not begin where answer_start says (the first in question {moved[0]}); the "
            "nearest place with their text is taken",
            stacklevel=2,
        )
    if widened:
        warnings.warn(
            f"{path}: {widened:,} answers begin or end inside a token; the whole token belongs to them", stacklevel=2
        )
    if not examples:
        raise TextError(f"{path}: contains no question")
    return examples


def _n_widened(example: Example) -> int:
    """The number of answers in the passage that no span of whole tokens equals."""
    texts = {example.text[example.tokens[a].start : example.tokens[b - 1].end] for a, b in example.answer_spans}
    return sum(answer.strip() in example.text and answer.strip() not in texts for answer in example.labels)


def question_example(given: Mapping[str, Any], number: int, where: str, tokenizer: Tokenizer = VERSION_1) -> Example:
    """A question passed in by a caller: `context`, `question`, `answers`, each with `text` and `answer_start`.

    Raises:
        TextError: it has another form.
    """
    passage = _field(given, _CONTEXTS)
    if not isinstance(passage, str):
        raise TextError(f"{where}: no passage; give context, question and answers with text and answer_start")
    return _example(passage, tokenizer.tokenize(passage), given, number, where, tokenizer)


def _field(record: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((record[name] for name in names if name in record), None)


def _passages(content: Any, where: str) -> Iterator[tuple[str, list[Any]]]:
    """Each passage with its questions: in articles (SQuAD), in a list (CMRC 2018), or beside each question (Hugging Face)."""
    entries = content.get("data") if isinstance(content, Mapping) else content
    if not isinstance(entries, list) or (isinstance(content, list) and not content):
        raise TextError(
            f"{where}: not the format of SQuAD: expected a list 'data' of articles with paragraphs, context and qas"
        )
    for entry in entries:
        paragraphs = entry.get("paragraphs", [entry]) if isinstance(entry, Mapping) else None
        if not isinstance(paragraphs, list):
            raise TextError(
                f"{where}: not the format of SQuAD: an article is {entry!r:.40}, not an object with 'paragraphs'"
            )
        for paragraph in paragraphs:
            passage = _field(paragraph, _CONTEXTS) if isinstance(paragraph, Mapping) else None
            questions = paragraph.get("qas", [paragraph]) if isinstance(paragraph, Mapping) else None
            if not isinstance(passage, str) or not isinstance(questions, list):
                raise TextError(
                    f"{where}: not the format of SQuAD: a paragraph without a text as 'context' or a list as 'qas'"
                )
            yield passage, questions


def _example(
    passage: str,
    tokens: list[Token],
    question: Any,
    number: int,
    where: str,
    tokenizer: Tokenizer,
    moved: list[int] | None = None,
) -> Example:
    """A question with its answers; where one begins elsewhere than it says, the number is added to `moved`."""
    if not isinstance(question, Mapping):
        raise TextError(f"{where}: {question!r:.40} is not a question; give an object with question and answers")
    if not tokens:
        raise TextError(f"{where}: the passage contains no word; leave it out")
    asked, of_question = text_and_tokens(_field(question, _QUESTIONS), where, "question", tokenizer)
    texts, spans = [], []
    for text, start in _answers(question, where):
        texts.append(text)
        own = _tokens_of(tokens, passage, text, start or 0)
        spans += own
        if moved is not None and own and start is not None and not passage.startswith(text, start):
            moved.append(number)
    other = Example(of_question, [], asked, number)
    return Example(tokens, list(dict.fromkeys(texts)), passage, number, other, answer_spans=tuple(dict.fromkeys(spans)))


def _answers(question: Mapping[str, Any], where: str) -> list[tuple[str, int | None]]:
    """The answers with the characters where they start, if they say so; none if the passage does not answer the question."""
    if str(question.get("is_impossible", "")).strip().lower() in ("true", "1", "yes"):
        return []
    given = question.get("answers", question.get("answer"))
    if isinstance(given, Mapping) and isinstance(given.get("text"), list):  # as Hugging Face has them
        starts = given.get("answer_start") or [None] * len(given["text"])
        given = [{"text": t, "answer_start": s} for t, s in zip(given["text"], starts, strict=False)]
    if isinstance(given, Mapping | str):
        given = [given]
    if not isinstance(given, list):
        raise TextError(
            f"{where}: no answers; give a list of objects with text and answer_start, an empty list if there is no answer"
        )
    found = []
    for answer in given:
        text, start = (
            (answer.get("text"), answer.get("answer_start")) if isinstance(answer, Mapping) else (answer, None)
        )
        start = int(start) if isinstance(start, str) and start.strip().isdecimal() else start
        if not isinstance(text, str) or not (start is None or type(start) is int):
            raise TextError(
                f"{where}: {answer!r:.60} is not an answer; give text and answer_start, a number of characters"
            )
        if text.strip():
            found.append((text, start))
    return found


def _tokens_of(tokens: list[Token], passage: str, text: str, start: int) -> list[tuple[int, int]]:
    """The tokens of an answer, nearest to `start`; none if its text is not in the passage."""
    starts = [start] if passage[start : start + len(text)] == text else _starts(passage, text)
    if not text or not starts:
        return []
    at = min(starts, key=lambda one: abs(one - start))
    inside = [i for i, token in enumerate(tokens) if token.start < at + len(text) and token.end > at]
    return [(inside[0], inside[-1] + 1)] if inside else []


def _starts(passage: str, text: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(text), passage)]
