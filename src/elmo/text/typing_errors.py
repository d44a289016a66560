"""Text with typing errors: a fraction of its words get one error each; the number of words never changes."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_T = TypeVar("_T")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    """The neighbours of each letter on a QWERTY keyboard, in its row and the rows above and below."""
    positions = {letter: (row, at) for row, letters in enumerate(_ROWS) for at, letter in enumerate(letters)}
    return {
        letter: "".join(o for o, (r, a) in positions.items() if o != letter and abs(r - row) < 2 and abs(a - at) < 2)
        for letter, (row, at) in positions.items()
    }


_BESIDE = _neighbours()
_LETTERS = "".join(_ROWS)


def misspell(sentences: Sequence[Sequence[str]], fraction: float, seed: int = 0) -> list[list[str]]:
    """Misspell a fraction of the words with at least two letters; the seed decides which words and how.

    Each gets one error: two neighbouring letters are swapped, or a letter is deleted, added, or replaced by a neighbour on the
    keyboard.

    Args:
        fraction: of those words, 0 to 1; their number is rounded.
    """
    positions = [
        (row, at) for row, words in enumerate(sentences) for at, word in enumerate(words) if is_mistakable(word)
    ]
    rng = np.random.default_rng(seed)
    typed = [list(words) for words in sentences]
    for number in rng.choice(len(positions), size=round(fraction * len(positions)), replace=False) if positions else []:
        row, at = positions[number]
        typed[row][at] = mistyped(typed[row][at], rng)
    return typed


def is_mistakable(word: str) -> bool:
    """Whether a word can have an error: it has at least two letters."""
    return len(_letters(word)) > 1


def mistyped(word: str, rng: np.random.Generator) -> str:
    """A word of at least two letters with one error, which always changes it."""
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
    """One random element, like `rng.choice`, but many times faster."""
    return among[int(rng.integers(len(among)))]


def _letters(word: str) -> list[int]:
    return [i for i, letter in enumerate(word) if letter.isalpha()]


def _beside(letter: str, rng: np.random.Generator) -> str:
    """A neighbour on the keyboard in the same case; a random letter for one that is not on the keyboard."""
    found = _drawn(_BESIDE.get(letter.lower(), _LETTERS), rng)
    return found.upper() if letter.isupper() else found
