"""The sentences of the demo: five ambiguous words, each in eight sentences, with the sense that it has there.

They were written before they were tried on any model.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from elmo.errors import TextError
from elmo.text.tokens import tokenize

SENTENCES_FILE = Path(__file__).parent / "demo_sentences.json"
_TARGET = re.compile(r"\[(\w+)\]")


@dataclass(frozen=True)
class Occurrence:
    """An ambiguous word in a sentence."""

    word: str
    sense: str
    tokens: tuple[str, ...]
    position: int  # of the word among the tokens

    @property
    def text(self) -> str:
        """The sentence with the word in brackets."""
        return " ".join(f"[{token}]" if i == self.position else token for i, token in enumerate(self.tokens))


def read_occurrences(path: Path = SENTENCES_FILE) -> list[Occurrence]:
    """The occurrences of the demo, in the order of the file."""
    return [
        _occurrence(sentence, entry["word"], sense)
        for entry in json.loads(path.read_text(encoding="utf-8"))
        for sense, sentences in entry["senses"].items()
        for sentence in sentences
    ]


def _occurrence(sentence: str, word: str, sense: str) -> Occurrence:
    match = _TARGET.search(sentence)
    if match is None or match[1] != word:
        raise TextError(f"{SENTENCES_FILE.name}: no [{word}] in {sentence!r}")
    tokens = tokenize(sentence[: match.start()] + word + sentence[match.end() :])
    position = next(i for i, token in enumerate(tokens) if token.start == match.start())
    return Occurrence(word, sense, tuple(token.text for token in tokens), position)
