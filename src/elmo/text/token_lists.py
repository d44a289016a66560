"""What a caller gives as tokenized sentences, checked."""

from collections.abc import Iterable, Mapping
from typing import Any

from elmo.errors import TextError


def read_token_lists(given: Any) -> list[list[str]]:
    """Lists of tokens, copied.

    Args:
        given: any iterables of iterables of strings: lists, arrays, columns of a table, generators.
    Raises:
        TextError: it is something else; the sentence that is is named.
    """
    if not _is_list(given):
        raise TextError(f"expected a list of lists of tokens, got {type(given).__name__}")
    sentences: list[list[str]] = []
    for number, words in enumerate(given):
        tokens: list[Any] = list(words) if _is_list(words) else [None]
        if not all(isinstance(token, str) for token in tokens):
            raise TextError(f"sentence {number} is {words!r:.80}; give a list of tokens")
        sentences.append(tokens)
    return sentences


def _is_list(given: Any) -> bool:
    return (
        isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping) and getattr(given, "ndim", 1) > 0
    )
