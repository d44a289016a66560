"""Raw text -> one tokenized sentence a line, tokens separated by blanks."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from elmo.errors import TextError
from elmo.text.corpus import read_sentences
from elmo.text.files import refuse_existing, written_whole
from elmo.text.sentences import tokenize_sentences


def tokenize_file(source: Path, target: Path | None, force: bool = False) -> Iterator[str]:
    """Tokenize a file, `-` for standard input; yields the lines, or writes them to `target` whole and yields nothing.

    Raises:
        TextError: the input is missing or is no UTF-8. OutputError: the target exists.
    """
    lines = (" ".join(words) for words in _sentences(source))
    if target is None:
        yield from lines
        return
    refuse_existing(target, force)
    with written_whole(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def _sentences(source: Path) -> Iterator[list[str]]:
    if str(source) != "-":
        yield from read_sentences([source], pretokenized=False)
        return
    try:
        for line in io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8"):
            for sentence in tokenize_sentences(line.rstrip("\n")):
                yield [token.text for token in sentence]
    except UnicodeDecodeError as error:
        raise TextError(f"standard input: not UTF-8 ({error}); convert it, for instance with iconv -t utf-8") from error
