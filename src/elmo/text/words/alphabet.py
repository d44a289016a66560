"""Unicode characters -> ids, for scripts whose characters take three bytes: an alphabet learned from counted words.

Ids: 0 marks a padding token, the n characters are 1 to n, n + 1 is any other character, then come the five specials of
`text.words.characters`. A character is a code point as it is in the text: nothing is normalised, a combining mark is a
character of its own.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.errors import TextError
from elmo.storage.json_files import require_json
from elmo.text.words.characters import BOUNDARIES, N_SPECIALS, Boundaries, spell_with_marks


def table_size(n_characters: int) -> int:
    """Ids that an alphabet of so many characters takes: with padding, the unknown character and the specials."""
    return 1 + n_characters + 1 + N_SPECIALS


class Alphabet:
    """The characters that have ids of their own, most frequent first.

    Raises:
        TextError: `characters` is empty, or holds one twice or a lone surrogate, which is no character.
    """

    def __init__(self, characters: str, source: str = "alphabet") -> None:
        self.characters = characters
        self._id_of = {character: i for i, character in enumerate(characters, start=1)}
        self._unknown = len(characters) + 1
        if not characters or len(self._id_of) != len(characters) or any(map(_is_surrogate, characters)):
            raise TextError(f"{source}: expected one or more different characters, none of them a lone surrogate")

    def __len__(self) -> int:
        return len(self.characters)

    def encode_words(
        self, words: Sequence[str], max_characters: int, boundaries: Boundaries = BOUNDARIES
    ) -> NDArray[np.int64]:
        """Spell words, in order: int64 (T, C); characters past `max_characters - 2` are cut."""
        rows = np.zeros((len(words), max_characters), dtype=np.int64)  # (T, C)
        for row, word in zip(rows, words, strict=True):
            codes = [self._id_of.get(character, self._unknown) for character in word[: max_characters - 2]]
            row[:] = spell_with_marks(word, codes, max_characters, table_size(len(self)), boundaries)
        return rows


def alphabet_from_counts(counts: Counter[str], size: int) -> Alphabet:
    """The `size` most frequent characters of counted words; ties in the order of Unicode.

    A character that occurs in the text only once is left out: such ones train the row of unknown characters, which no
    text would if every character that training meets had an id.

    Raises:
        TextError: no character occurs twice.
    """
    n_of: Counter[str] = Counter()
    for word, n in counts.items():
        for character in "" if word in BOUNDARIES else word:
            n_of[character] += n
    often = [character for character, n in n_of.items() if n > 1 and not _is_surrogate(character)]
    if not often:
        raise TextError(
            "no character occurs more than once in the corpus, so no alphabet can be learned; give more text"
        )
    ranked = sorted(often, key=lambda character: (-n_of[character], character))
    return Alphabet("".join(ranked[:size]))


def read_alphabet(path: Path) -> Alphabet:
    """Read a file that holds an alphabet as one JSON string.

    Raises:
        TextError: it is missing or is none.
    """
    characters = require_json(path, "it holds the alphabet that the model reads", TextError)
    return Alphabet(characters if isinstance(characters, str) else "", source=str(path))


def write_alphabet(alphabet: Alphabet, path: Path) -> None:
    """Write it as one JSON string, all in ASCII: no editor or copy can compose, drop or break a character."""
    path.write_text(json.dumps(alphabet.characters) + "\n", encoding="ascii")


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"
