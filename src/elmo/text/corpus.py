"""Files -> a stream of lines and sentences, in constant memory: txt, gz, xz."""

import glob
import gzip
import lzma
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from elmo.errors import TextError
from elmo.text.sentences import sentences_of_words
from elmo.text.tokens import split_words

_BOM = b"\xef\xbb\xbf"
_A_FOLDER = "a folder; name its files, for instance with a glob like 'texts/*.txt'"


def find_files(patterns: Sequence[str | Path]) -> list[Path]:
    """The files that paths and globs name, sorted within a pattern, each once however it is named.

    Raises:
        TextError: a pattern names no file, or may not be looked for.
    """
    found: dict[str, Path] = {}  # by the file itself: a.txt and ../here/a.txt are one text, not to be learnt twice
    for pattern in patterns:
        path = Path(pattern)
        try:
            matches = [path] if path.exists() else sorted(Path(p) for p in glob.glob(str(pattern), recursive=True))
            files = [match for match in matches if not match.is_dir()]
        except OSError as error:
            raise TextError(f"{path.absolute()}: {error.strerror}; name a file that can be read") from error
        if not files:
            raise TextError(f"{path.absolute()}: {_A_FOLDER if path.is_dir() else 'no such file'}")
        for file in files:
            found.setdefault(os.path.realpath(file), file)
    return list(found.values())


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, without their ends; only LF and CR LF end a line. A byte order mark is dropped.

    Raises:
        TextError: the file is missing, broken, or not UTF-8; the message names the line.
    """
    try:
        with _open(path) as file:
            yield from decode_lines(file, str(path))
    except (FileNotFoundError, NotADirectoryError):
        raise TextError(f"{path.absolute()}: no such file") from None
    except IsADirectoryError:
        raise TextError(f"{path.absolute()}: {_A_FOLDER}") from None
    except PermissionError as error:
        raise TextError(
            f"{path.absolute()}: you may not read this file; give yourself the right (chmod u+r)"
        ) from error
    except ValueError as error:
        raise TextError(f"{str(path)!r}: no file can have this name ({error}); give another") from error
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise TextError(f"{path}: cannot be read ({error}); the file is broken or cut short") from error


def decode_lines(file: BinaryIO, name: str) -> Iterator[str]:
    """`read_lines` of an open file that messages call `name`."""
    for number, raw in enumerate(file, start=1):
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        try:
            yield (line.removeprefix(_BOM) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as error:
            raise TextError(
                f"{name}, line {number}: not UTF-8 (byte {error.object[error.start]:#04x} at place {error.start}); "
                f"convert it, for instance with iconv -f latin1 -t utf-8"
            ) from error


def sentences_of_line(line: str, pretokenized: bool) -> Iterator[list[str]]:
    """The non-empty sentences of a line: the one that it is, or those that raw text is cut into."""
    if not pretokenized:
        yield from sentences_of_words(line)
    elif words := split_words(line):
        yield words


def read_sentences(paths: Iterable[Path], pretokenized: bool) -> Iterator[list[str]]:
    """The non-empty sentences of files as lists of words.

    Args:
        pretokenized: one sentence a line, tokens separated by white space; else raw text, cut into sentences and tokens.
    """
    for path in paths:
        for line in read_lines(path):
            yield from sentences_of_line(line, pretokenized)


def _open(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        if path.is_file() and path.stat().st_size == 0:  # gzip takes this for an archive of nothing
            raise EOFError("0 bytes, not even a header")
        return cast(BinaryIO, gzip.open(path, "rb"))
    if path.suffix == ".xz":
        return cast(BinaryIO, lzma.open(path, "rb"))
    return path.open("rb")
