"""What a task learns from: tokens, where they stand in the text, and what is true of them."""

from collections.abc import Sequence
from typing import NamedTuple

from elmo.text.tokens import Token


class Example(NamedTuple):
    """One sentence or text with its truth."""

    tokens: list[Token]  # at least one
    labels: list[str]  # tag: one tag a token; else one label, or any number of them; empty: not known
    text: str  # raw, or the tokens with a blank between
    line: int  # of the file where it begins, from 1
    other: "Example | None" = None  # pair: the second text
    marks: tuple[tuple[int, int], ...] = ()  # relation: the first and the last token + 1 of either mention


def distinct(examples: Sequence[Example]) -> tuple[list[Example], list[int]]:
    """Examples with different tokens, and for each of all examples which of them has its tokens: many questions, one passage."""
    numbers: dict[tuple[str, ...], int] = {}
    kept: list[Example] = []
    which = []
    for example in examples:
        key = tuple(token.text for token in example.tokens)
        if key not in numbers:
            numbers[key] = len(kept)
            kept.append(example)
        which.append(numbers[key])
    return kept, which


def with_blanks(words: Sequence[str]) -> tuple[str, list[Token]]:
    """Words that came without their text: the text with one blank between, and the words in it."""
    tokens, at = [], 0
    for word in words:
        tokens.append(Token(word, at, at + len(word)))
        at += len(word) + 1
    return " ".join(words), tokens
