"""Text as it is typed in a hurry: a share of its words with one wrong letter each, never another number of words."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_T = TypeVar("_T")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    """Of each letter those beside it on a QWERTY keyboard, in its row and in the rows above and below."""
    places = {letter: (row, at) for row, letters in enumerate(_ROWS) for at, letter in enumerate(letters)}
    return {
        letter: "".join(o for o, (r, a) in places.items() if o != letter and abs(r - row) < 2 and abs(a - at) < 2)
        for letter, (row, at) in places.items()
    }


_BESIDE = _neighbours()
_LETTERS = "".join(_ROWS)


def misspell(sentences: Sequence[Sequence[str]], share: float, seed: int = 0) -> list[list[str]]:
    """Misspell a share of the words that hold two letters or more; which and how is decided by the seed.

    Each gets one error: two neighbouring letters change places, a letter is missing, one too many, or it is one beside it on the
    keyboard.

    Args:
        share: 0 to 1, of those words; as many as that, rounded.
    """
    places = [(row, at) for row, words in enumerate(sentences) for at, word in enumerate(words) if is_mistakable(word)]
    rng = np.random.default_rng(seed)
    typed = [list(words) for words in sentences]
    for number in rng.choice(len(places), size=round(share * len(places)), replace=False) if places else []:
        row, at = places[number]
        typed[row][at] = mistyped(typed[row][at], rng)
    return typed


def is_mistakable(word: str) -> bool:
    """Whether a word can have an error: it holds two letters or more."""
    return len(_letters(word)) > 1


def mistyped(word: str, rng: np.random.Generator) -> str:
    """A word of two letters or more with one error; always another word."""
    letters = _letters(word)
    swaps = [i for i in letters[:-1] if i + 1 in letters and word[i] != word[i + 1]]
    kind = rng.integers(4)
    at = _drawn(letters, rng)
    if kind == 0 and swaps:
        at = _drawn(swaps, rng)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + _beside(word[at], rng) + word[at:]
    return word[:at] + _beside(word[at], rng) + word[at + 1 :]


def _drawn(among: Sequence[_T], rng: np.random.Generator) -> _T:
    """One of some, as `rng.choice` would draw it, many times faster."""
    return among[int(rng.integers(len(among)))]


def _letters(word: str) -> list[int]:
    return [i for i, letter in enumerate(word) if letter.isalpha()]


def _beside(letter: str, rng: np.random.Generator) -> str:
    """A letter beside it, as large; any for a letter that is not on the keyboard."""
    found = _drawn(_BESIDE.get(letter.lower(), _LETTERS), rng)
    return found.upper() if letter.isupper() else found
