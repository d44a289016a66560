"""What a caller gives as sentences, checked: strings, each one sentence, and lists of tokens."""

from collections.abc import Iterable

from elmo.errors import TextError
from elmo.text.tokens import tokenize

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


def words_of(sentence: Sentence, number: int) -> list[str]:
    """The tokens of sentence `number`: a string is tokenized, a list of strings taken as it is.

    Raises:
        TextError: it is neither.
    """
    if isinstance(sentence, str):
        return [token.text for token in tokenize(sentence)]
    if isinstance(sentence, Iterable) and not isinstance(sentence, bytes):
        words = list(sentence)
        if all(isinstance(word, str) for word in words):
            return words
    raise TextError(f"sentence {number} is {sentence!r:.80}; give a string or a list of strings")
