"""The versions of the tokenizer: raw text -> sentences and tokens; a model names the version that its text was cut by.

A `Tokenizer` is a value: it is handed to whatever reads raw text, and there is no other way to choose one. Version 1
(`tokens.py`, `sentences.py`) never changes, so that models trained on its tokens get the same ones for good; version 2
(`version_2/`) cuts the text of new models.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from elmo.text import sentences, tokens
from elmo.text.tokens import Token
from elmo.text.version_2 import sentences as sentences_2
from elmo.text.version_2 import tokens as tokens_2

Span = tuple[int, int]  # start and end in characters, end exclusive


class Tokenizer(NamedTuple):
    """One version of the rules.

    Attributes:
        version: its number.
        find_tokens: where the tokens of text[start:end] start and end, in order.
        split_sentences: spans of the sentences of a text, without white space at their ends; a line end always ends a sentence.
    """

    version: int
    find_tokens: Callable[[str, int, int], Iterator[Span]]
    split_sentences: Callable[[str], list[Span]]

    def tokenize(self, text: str) -> list[Token]:
        """Cut a text into tokens: text[token.start:token.end] == token.text; what lies between tokens is white space."""
        return [Token(text[a:b], a, b) for a, b in self.find_tokens(text, 0, len(text))]

    def tokenize_sentences(self, text: str) -> list[list[Token]]:
        """The tokens of each sentence, offsets into the whole text; sentences without a token are left out."""
        cut = (
            [Token(text[a:b], a, b) for a, b in self.find_tokens(text, *span)] for span in self.split_sentences(text)
        )
        return [found for found in cut if found]

    def sentences_of_words(self, text: str) -> Iterator[list[str]]:
        """The words of each sentence, as `tokenize_sentences` cuts them."""
        for span in self.split_sentences(text):
            words = [text[a:b] for a, b in self.find_tokens(text, *span)]
            if words:
                yield words


VERSION_1 = Tokenizer(1, tokens.find_tokens, sentences.split_sentences)
VERSION_2 = Tokenizer(2, tokens_2.find_tokens, sentences_2.split_sentences)
NEWEST = VERSION_2  # of new models
VERSIONS = {one.version: one for one in (VERSION_1, VERSION_2)}
