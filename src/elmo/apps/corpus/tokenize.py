"""Raw text -> one tokenized sentence a line, tokens separated by blanks."""

import sys
from collections.abc import Iterator
from pathlib import Path

from elmo.storage.files import atomic_write, refuse_existing
from elmo.text.sentences import sentences_of_words
from elmo.text.sources.lines import decode_lines, read_lines


def tokenize_file(source: Path, target: Path | None, force: bool = False) -> Iterator[str]:
    """Tokenize a file, `-` for standard input; yields the lines, or writes them to `target` whole and yields nothing.

    Raises:
        TextError: the input is missing or is no UTF-8. OutputError: the target exists.
    """
    lines = (" ".join(words) for line in _lines(source) for words in sentences_of_words(line))
    if target is None:
        yield from lines
        return
    refuse_existing(target, force)
    with atomic_write(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def _lines(source: Path) -> Iterator[str]:
    return decode_lines(sys.stdin.buffer, "standard input") if str(source) == "-" else read_lines(source)
