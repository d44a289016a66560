"""Training examples of a task: tokens, their positions in the text, and gold labels."""

from collections.abc import Sequence
from typing import NamedTuple

from elmo.errors import TextError
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token


class Mention(NamedTuple):
    """A mention of a concept in a document."""

    start: int  # tokens
    end: int
    kind: str  # Chemical, Disease
    concepts: tuple[str, ...]  # the ids of what is meant; none: not known


class Link(NamedTuple):
    """A relation of two concepts in a document."""

    head: str
    tail: str
    name: str


class Document(NamedTuple):
    """The gold annotations of a document."""

    mentions: tuple[Mention, ...]
    links: tuple[Link, ...]
    sentences: tuple[int, ...]  # the number of each token's sentence, from 0

    @property
    def kinds(self) -> dict[str, str]:
        """Each concept that is mentioned with its kind, in the order of the text."""
        found: dict[str, str] = {}
        for mention in sorted(self.mentions):
            for concept in mention.concepts:
                found.setdefault(concept, mention.kind)
        return found


class Example(NamedTuple):
    """One sentence or text with its gold labels."""

    tokens: list[Token]  # at least one
    labels: list[str]  # tag: one tag a token; else one label, or any number of them; empty: not known
    text: str  # raw, or the tokens with a blank between
    line: int  # of the file where it begins, from 1
    other: "Example | None" = None  # pair: the second text
    mention_spans: tuple[tuple[int, int], ...] = ()  # relation: first token and last token + 1 of head and tail
    answer_spans: tuple[tuple[int, int], ...] = ()  # qa: first token and last token + 1 of each answer in the passage
    document: Document | None = None  # relation: of concepts in a document
    a_token_a_line: bool = False  # as in CoNLL's columns; else the example is on one line

    def line_of(self, token: int) -> int:
        """The line of the file with a token."""
        return self.line + token if self.a_token_a_line else self.line


def distinct(examples: Sequence[Example]) -> tuple[list[Example], list[int]]:
    """The examples with different tokens, and for each example the index of its tokens: many questions, one passage."""
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


def given_text(given: object, number: int, where: str, tokenizer: Tokenizer = VERSION_1) -> Example:
    """A text without labels, passed in as a string or as a list of tokens.

    Raises:
        TextError: it is something else.
    """
    if isinstance(given, str):
        return Example(tokenizer.tokenize(given), [], given, number)
    if isinstance(given, Sequence) and all(isinstance(word, str) for word in given):
        whole, tokens = with_blanks(given)
        return Example(tokens, [], whole, number)
    raise TextError(f"{where} is {given!r:.80}; give a string or a list of strings")


def with_blanks(words: Sequence[str]) -> tuple[str, list[Token]]:
    """Words without their text -> the text with one blank between them, and the tokens in it."""
    tokens, at = [], 0
    for word in words:
        tokens.append(Token(word, at, at + len(word)))
        at += len(word) + 1
    return " ".join(words), tokens
