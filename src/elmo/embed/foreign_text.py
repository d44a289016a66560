"""Warnings when a text does not suit a model: unknown scripts, unknown characters, words that are too long.

ELMo gives a vector to every string, whatever it was trained on. The model records what it was trained on: the fraction of each
script in its training text (`config.json`), its alphabet, and its maximum word length.
"""

import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from elmo.checkpoints.saved_model import SavedModel
from elmo.model.kernels.thread_lock import ThreadLock
from elmo.text.survey.scripts import mix_scripts

_PACKAGE = str(Path(__file__).parents[1])
ENOUGH_WORDS = 20_000  # words checked per model; then the kind of text is known
FOREIGN_FRACTION = 0.3  # of the letters
MIN_LETTERS = 5
KNOWN_FRACTION = 0.001  # of the training text: scripts below this fraction do not count as known
RARE_FRACTION = 0.01  # of the training text: text mostly in a script below this fraction is foreign too
MOST_LETTERS = 0.6  # of the text
LONG = (
    (3, 0.25),
    (20, 0.05),
)  # minimum number of overlong words and their minimum fraction: either pair triggers the warning


class TextWatch:
    """Checks the first words of a caller and warns once for each kind of problem; safe for any number of threads."""

    def __init__(self, model: SavedModel) -> None:
        config = model.config.bilm
        self._known = None if model.config.scripts is None else dict(model.config.scripts)
        self._alphabet = None if model.lexicon.alphabet is None else frozenset(model.lexicon.alphabet.characters)
        self._room = None if config.max_characters is None else config.max_characters - 2
        self._left = ENOUGH_WORDS
        self._letters: Counter[str] = Counter()
        self._n_characters = self._n_strange = self._n_words = self._n_long = 0
        self._warned: set[str] = set()  # kinds of problems
        self._lock = ThreadLock()

    def look(self, sentences: Sequence[Sequence[str]]) -> None:
        """Check the words of a call, until enough words have been checked."""
        if self._left <= 0:
            return
        with self._lock:
            found = dict(self._count(sentences))
            new = [message for kind, message in found.items() if kind not in self._warned]
            self._warned.update(found)
        for message in new:
            warnings.warn(message, stacklevel=_level_of_caller())

    def _count(self, sentences: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
        """Count the words of a call; yield each kind of problem in all words so far, with its message."""
        counts: Counter[str] = Counter()
        for words in sentences:
            counts.update(words[: self._left])
            self._left -= len(words)
            if self._left <= 0:
                break
        self._n_words += counts.total()
        if self._known is not None:
            yield from self._see_scripts(counts, self._known)
        if self._alphabet is not None:
            yield from self._see_characters(counts, self._alphabet)
        if self._room is not None:
            yield from self._see_lengths(counts, self._room)

    def _see_scripts(self, counts: Counter[str], known: dict[str, float]) -> Iterator[tuple[str, str]]:
        self._letters.update(mix_scripts(counts).letters)
        for known_fraction, foreign_fraction in ((KNOWN_FRACTION, FOREIGN_FRACTION), (RARE_FRACTION, MOST_LETTERS)):
            foreign = {script: n for script, n in self._letters.items() if known.get(script, 0.0) < known_fraction}
            fraction = sum(foreign.values()) / max(1, self._letters.total())
            if sum(foreign.values()) >= MIN_LETTERS and fraction >= foreign_fraction:
                trained_on = [script for script, part in known.items() if part >= known_fraction]
                yield (
                    "scripts",
                    f"{fraction:.0%} of the letters of this text are {', '.join(sorted(foreign))}, and the model was trained on "
                    f"{', '.join(trained_on) or 'no letters'}; its vectors of such words are not meaningful; use a model for "
                    "this language",
                )
                return

    def _see_characters(self, counts: Counter[str], alphabet: frozenset[str]) -> Iterator[tuple[str, str]]:
        self._n_characters += sum(n * len(word) for word, n in counts.items())
        self._n_strange += sum(n * sum(c not in alphabet for c in word) for word, n in counts.items())
        fraction = self._n_strange / max(1, self._n_characters)
        if self._n_strange >= MIN_LETTERS and fraction >= FOREIGN_FRACTION:
            yield (
                "characters",
                f"{fraction:.0%} of the characters of this text are not among the {len(alphabet):,} characters of the model; "
                "its vectors of such words are not meaningful; use a model for this language",
            )

    def _see_lengths(self, counts: Counter[str], room: int) -> Iterator[tuple[str, str]]:
        self._n_long += sum(n for word, n in counts.items() if self._size(word) > room)
        fraction = self._n_long / max(1, self._n_words)
        if any(self._n_long >= min_words and fraction >= min_fraction for min_words, min_fraction in LONG):
            unit = "UTF-8 bytes" if self._alphabet is None else "characters"
            yield (
                "lengths",
                f"{fraction:.0%} of the words of this text are longer than the {room} {unit} that the model reads per word; "
                "the rest is cut off: tokenize the text, or use a model with an alphabet",
            )

    def _size(self, word: str) -> int:
        return len(word) if self._alphabet is not None else len(word.encode("utf-8", "ignore"))


def _level_of_caller() -> int:
    """The stack level of the first caller outside this package and outside the decorator of `Elmo.embed`."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_code.co_filename.startswith(_PACKAGE) or frame.f_code.co_filename.endswith("_contextlib.py")
    ):
        level, frame = level + 1, frame.f_back
    return level
