"""Files of questions about passages, in the format of SQuAD 1.1 and 2.0 (CMRC 2018 has the same) -> examples.

The passage is the text of an example, the question its second text, the answers its labels: none if the passage does not answer
it. The spans are the tokens of the answers; an answer that does not stand in the passage has none, and still counts when scored.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from elmo.errors import TextError
from elmo.tasks.data.labelled_records import text_and_tokens
from elmo.tasks.examples import Example
from elmo.text.sources.lines import read_lines
from elmo.text.tokens import Token, tokenize


def read_questions(path: Path) -> list[Example]:
    """All questions of a file.

    Raises:
        TextError: the file is missing or broken, or is no SQuAD; the message names the question.
    """
    try:
        content = json.loads("\n".join(read_lines(path)))
    except (ValueError, RecursionError) as error:
        raise TextError(f"{path}: no JSON ({error}); give questions in the format of SQuAD") from error

    def where_of(number: int, question: Any) -> str:
        return f"{path}, question {number} ({str(question.get('id', ''))[:40]})"

    examples: list[Example] = []
    try:
        for passage, questions in _passages(content):
            examples += _of_passage(passage, questions, len(examples), where_of)
    except (KeyError, TypeError, AttributeError) as error:
        raise TextError(
            f"{path}, after question {len(examples)}: not the format of SQuAD (data, paragraphs, context, qas, question, "
            f"answers): {type(error).__name__} {error}"
        ) from error
    if not examples:
        raise TextError(f"{path}: contains no question")
    return examples


def question_example(given: Mapping[str, Any], number: int, where: str) -> Example:
    """A question that a caller gives: `context`, `question`, `answers`, each with `text` and `answer_start`.

    Raises:
        TextError: it has another form.
    """
    try:
        (example,) = _of_passage(given["context"], [given], number - 1, lambda number, question: where)
    except (KeyError, TypeError, AttributeError) as error:
        raise TextError(
            f"{where}: no question ({type(error).__name__} {error}); give context, question and answers with text and "
            "answer_start"
        ) from error
    return example


def _passages(content: Any) -> Iterator[tuple[str, list[Any]]]:
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            yield paragraph["context"], paragraph["qas"]


def _of_passage(
    passage: str, questions: list[Any], n_before: int, where_of: Callable[[int, Any], str]
) -> Iterator[Example]:
    tokens = tokenize(passage)
    for number, question in enumerate(questions, start=n_before + 1):
        where = where_of(number, question)
        if not tokens:
            raise TextError(f"{where}: a passage without a word; leave it out")
        asked, of_question = text_and_tokens(question["question"], where, "question")
        answers, spans = [], []
        for answer in [] if question.get("is_impossible") else question["answers"]:
            answers.append(answer["text"])
            spans += _tokens_of(tokens, passage, answer["text"], answer["answer_start"])
        other = Example(of_question, [], asked, number)
        yield Example(
            tokens, list(dict.fromkeys(answers)), passage, number, other, answer_spans=tuple(dict.fromkeys(spans))
        )


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
