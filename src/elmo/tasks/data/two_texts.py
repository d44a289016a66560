"""Inputs of two texts: a pair, or a passage with its question."""

from collections.abc import Sequence

from elmo.errors import TextError
from elmo.tasks.data.labelled_records import json_object, text_and_tokens
from elmo.tasks.examples import Example
from elmo.text.tokenizer import VERSION_1, Tokenizer


def example_of_two(given: object, number: int, where: str, order: str, tokenizer: Tokenizer = VERSION_1) -> Example:
    """Two texts, each a string or a list of tokens.

    Args:
        order: what they are, for the message.
    Raises:
        TextError: they are something else, or one has no word.
    """
    if not (isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2):
        raise TextError(f"{where} is {given!r:.80}; give a pair of texts{order}")
    (a, of_a), (b, of_b) = (text_and_tokens(side, where, tokenizer=tokenizer) for side in given)
    return Example(of_a, [], a, number, Example(of_b, [], b, number))


def line_of_two(line: str, number: int, pretokenized: bool, names: tuple[str, str]) -> list[object]:
    """A line with two texts and a tab between, or a JSON object with both names.

    Args:
        pretokenized: tokens are separated by white space.
    Raises:
        TextError: it is none.
    """
    record = json_object(line, f"line {number}") if line.lstrip().startswith("{") else None
    sides: Sequence[object] = line.split("\t") if record is None else [record.get(name) for name in names]
    if len(sides) != 2 or None in sides:
        raise TextError(
            f'line {number}: expected two texts separated by a tab, or a JSON object with "{names[0]}" and "{names[1]}"'
        )
    return [side.split() if pretokenized and isinstance(side, str) else side for side in sides]
