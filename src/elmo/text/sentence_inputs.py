"""The sentences that a caller passes in, checked: strings, each one sentence, and lists of tokens."""

from collections.abc import Iterable, Mapping
from typing import Any

from elmo.errors import TextError
from elmo.text.tokenizer import VERSION_1, Tokenizer

Sentence = str | Iterable[str]


def checked_sentences(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Sentences as a list.

    Raises:
        TextError: it is one string, or no iterable.
    """
    if isinstance(sentences, str | bytes) or not isinstance(sentences, Iterable):
        kind = "one string" if isinstance(sentences, str) else type(sentences).__name__
        raise TextError(f'embed takes a list of sentences, not {kind}; write model.embed(["The bank of the river"])')
    return list(sentences)


def words_of(sentence: Sentence, number: int, tokenizer: Tokenizer = VERSION_1) -> list[str]:
    """The tokens of sentence `number`: a string is tokenized, a list of strings taken as it is.

    Raises:
        TextError: it is neither.
    """
    if isinstance(sentence, str):
        return [token.text for token in tokenizer.tokenize(sentence)]
    if isinstance(sentence, Iterable) and not isinstance(sentence, bytes):
        words = list(sentence)
        if all(isinstance(word, str) for word in words):
            return words
    raise TextError(f"sentence {number} is {sentence!r:.80}; give a string or a list of strings")


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
