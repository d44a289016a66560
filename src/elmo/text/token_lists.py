"""What a caller gives as tokenized sentences, checked."""

from collections.abc import Sequence
from typing import Any

from elmo.errors import TextError


def read_token_lists(given: Any) -> list[list[str]]:
    """Lists of tokens, copied.

    Raises:
        TextError: it is not a sequence of sequences of strings; the sentence that is not is named.
    """
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise TextError(f"expected a list of lists of tokens, got {type(given).__name__}")
    for number, words in enumerate(given):
        if (
            isinstance(words, str | bytes)
            or not isinstance(words, Sequence)
            or not all(isinstance(word, str) for word in words)
        ):
            raise TextError(f"sentence {number} is {words!r:.80}; give a list of tokens")
    return [list(words) for words in given]
