"""The dictionaries of ELMoForManyLangs, `char.dic` and `word.dic`: entries and their rows in a table.

A line holds an entry, a tab and a row. A line with a single field is the blank U+3000, which the program's own stripping
removed.
"""

from pathlib import Path

from elmo.checkpoints.formats.many_langs_tensors import BOUNDARIES, CHARACTER_MARKS, WORD_MARKS, Dictionary
from elmo.errors import CheckpointError
from elmo.text.words.alphabet import Alphabet
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import SPECIALS, Vocabulary
from elmo.text.words.word_encoder import input_word

CHARACTERS_FILE = "char.dic"
WORDS_FILE = "word.dic"
_BLANK = "\u3000"


def read_dictionary(path: Path) -> Dictionary:
    """Read a `.dic` file.

    Raises:
        CheckpointError: it is missing, is not UTF-8, or a line is no item with its row.
    """
    try:
        lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    except FileNotFoundError:
        raise CheckpointError(f"{path.absolute()}: no such file; the config has vectors for its entries") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: cannot be read as UTF-8 ({error})") from error
    items: Dictionary = {}
    for number, line in enumerate(lines, start=1):
        *item, row = line.strip().split("\t")
        if len(item) > 1 or not (row.isascii() and row.isdigit() and len(row) < 10):
            raise CheckpointError(f"{path}, line {number}: {line!r:.60}, expected an entry, a tab, a number")
        items["".join(item) or _BLANK] = int(row)
    return items


def write_dictionary(items: list[str], path: Path) -> None:
    """Write entries in the order of their rows."""
    lines = (f"{'' if item == _BLANK else item}\t{row}\n" for row, item in enumerate(items))
    path.write_bytes("".join(lines).encode("utf-8", "surrogatepass"))


def lexicon_of(words: Dictionary | None, characters: Dictionary | None, folder: Path) -> Lexicon:
    """Words and characters in the order of their rows, without special symbols and entries that no text can contain.

    Raises:
        CheckpointError: a mark is missing, or there is nothing but marks.
    """
    for items, marks, file in (
        (words, WORD_MARKS, WORDS_FILE),
        (characters, CHARACTER_MARKS, CHARACTERS_FILE),
    ):
        missing = [] if items is None else [mark for mark in marks if mark not in items]
        if missing:
            raise CheckpointError(
                f"{folder / file}: contains no {', '.join(missing)}; every dictionary of this format has them"
            )
    vocabulary, alphabet = None, None
    if words is not None:
        known = [
            input_word(item, BOUNDARIES) for item in sorted(words, key=words.__getitem__) if item not in WORD_MARKS
        ]
        if not known:
            raise CheckpointError(f"{folder / WORDS_FILE}: contains no word except the special symbols")
        vocabulary = Vocabulary([*SPECIALS, *known])
    if characters is not None:
        known = [item for item in sorted(characters, key=characters.__getitem__) if len(item) == 1]
        if not known:
            raise CheckpointError(f"{folder / CHARACTERS_FILE}: contains no character except the special symbols")
        alphabet = Alphabet("".join(known))
    return Lexicon(alphabet, vocabulary)
