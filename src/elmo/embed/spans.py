"""Spans of a sentence -> the tokens that they cover."""

import operator
from collections.abc import Iterable, Sequence

import numpy as np

from elmo.errors import TextError
from elmo.text.sentence_inputs import Sentence, words_of
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token

Span = tuple[int, int]  # start and end, end exclusive
Bounds = list[tuple[int, int]]


def words_and_bounds(
    sentences: Sequence[Sentence], spans: Iterable[Iterable[Span]], tokenizer: Tokenizer = VERSION_1
) -> tuple[list[list[str]], list[Bounds]]:
    """The tokens of sentences, and which of them each span covers.

    Args:
        spans: for each sentence; characters of a string, tokens of a list of tokens. tokenizer: cuts strings.
    Raises:
        TextError: not one list of spans a sentence; see `tokens_of_spans` and `checked_spans`.
    """
    of_each = [list(some) for some in spans]
    if len(sentences) != len(of_each):
        raise TextError(f"{len(of_each)} lists of spans for {len(sentences)} sentences; give one list per sentence")
    words: list[list[str]] = []
    bounds: list[Bounds] = []
    for number, (sentence, some) in enumerate(zip(sentences, of_each, strict=True)):
        if isinstance(sentence, str):
            tokens = tokenizer.tokenize(sentence)
            words.append([token.text for token in tokens])
            bounds.append(tokens_of_spans(tokens, some, f"sentence {number}"))
        else:
            words.append(words_of(sentence, number, tokenizer))
            bounds.append(checked_spans(some, len(words[-1]), f"sentence {number}"))
    return words, bounds


def tokens_of_spans(tokens: Sequence[Token], spans: Iterable[Span], where: str) -> Bounds:
    """The tokens that spans of characters touch: first and one after the last of each span.

    Args:
        tokens: of one text, in order, none over another.
        where: what to call the sentence in a message.
    Raises:
        TextError: a span is no pair of numbers, is empty or turned round, or touches no token.
    """
    starts, ends = [token.start for token in tokens], [token.end for token in tokens]
    found = []
    for start, end in _checked(spans, where):
        first = int(np.searchsorted(ends, start, side="right"))
        after = int(np.searchsorted(starts, end, side="left"))
        if after <= first:
            raise TextError(f"{where}, span {(start, end)}: covers no token; give the characters of at least one word")
        found.append((first, after))
    return found


def checked_spans(spans: Iterable[Span], n_tokens: int, where: str) -> Bounds:
    """Spans of tokens.

    Raises:
        TextError: a span is no pair of numbers, is empty or turned round, or goes beyond the sentence.
    """
    found = _checked(spans, where)
    for span in found:
        if span[1] > n_tokens:
            raise TextError(f"{where}, span {span}: the sentence has {n_tokens} tokens")
    return found


def _checked(spans: Iterable[Span], where: str) -> Bounds:
    try:
        pairs = [(operator.index(start), operator.index(end)) for start, end in spans]
    except (TypeError, ValueError) as error:
        raise TextError(f"{where}: expected spans as pairs (start, end) of integers, not {spans!r:.60}") from error
    for span in pairs:
        if not 0 <= span[0] < span[1]:
            raise TextError(f"{where}, span {span}: expected 0 <= start < end")
    return pairs
