"""Files -> a stream of sentences that knows where documents begin, in constant memory: txt, jsonl, parquet; gz, xz, zst."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from elmo.errors import TextError
from elmo.storage.compressed import A_FOLDER
from elmo.text.sentences import sentences_of_words
from elmo.text.sources.lines import read_lines
from elmo.text.sources.records import holds_records, read_records
from elmo.text.tokens import split_words

TEXT_FIELD = "text"  # of a record, if none is named


class CorpusSentence(NamedTuple):
    """A sentence of a corpus."""

    words: Sequence[str]  # at least one
    begins_document: bool


@dataclass
class CorpusCounts:
    """What has been passed over so far."""

    empty_lines: int = 0
    empty_files: int = 0
    skipped_records: int = 0  # without a text, or with one that holds no word


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
            raise TextError(f"{path.absolute()}: {A_FOLDER if path.is_dir() else 'no such file'}")
        for file in files:
            found.setdefault(os.path.realpath(file), file)
    return list(found.values())


def sentences_of_line(line: str, pretokenized: bool) -> Iterator[list[str]]:
    """The non-empty sentences of a line: the one that it is, or those that raw text is cut into."""
    if not pretokenized:
        yield from sentences_of_words(line)
    elif words := split_words(line):
        yield words


class Corpus:
    """The sentences of files, to be read once; `counts` grows while they are read.

    In a file of lines, a line without a word ends a document, and so does the end of the file. In a file of records (jsonl,
    parquet) each record is a document.

    Args:
        pretokenized: one sentence a line, tokens separated by white space; else raw text, cut into sentences and tokens.
        text_field: the field or column of a record that holds its text; None: `text`.
    """

    def __init__(self, paths: Iterable[Path], pretokenized: bool, text_field: str | None = None) -> None:
        self._paths = paths
        self._pretokenized = pretokenized
        self._text_field = TEXT_FIELD if text_field is None else text_field
        self.counts = CorpusCounts()

    def __iter__(self) -> Iterator[CorpusSentence]:
        """Read the files in order.

        Raises:
            TextError: a file is missing or broken; see `read_lines` and `read_records`.
        """
        for path in self._paths:
            empty = True
            for sentence in self._of_records(path) if holds_records(path) else self._of_lines(path):
                empty = False
                yield sentence
            self.counts.empty_files += empty

    def _of_lines(self, path: Path) -> Iterator[CorpusSentence]:
        begins = True
        for line in read_lines(path):
            blank = True
            for words in sentences_of_line(line, self._pretokenized):
                yield CorpusSentence(words, begins)
                begins = blank = False
            self.counts.empty_lines += blank
            begins = begins or blank

    def _of_records(self, path: Path) -> Iterator[CorpusSentence]:
        for text in read_records(path, self._text_field):
            begins = True
            for line in (text or "").split("\n"):
                for words in sentences_of_line(line, self._pretokenized):
                    yield CorpusSentence(words, begins)
                    begins = False
            self.counts.skipped_records += begins


def read_sentences(paths: Iterable[Path], pretokenized: bool, text_field: str | None = None) -> Iterator[Sequence[str]]:
    """The sentences of files as words, wherever documents begin; see `Corpus`."""
    return (sentence.words for sentence in Corpus(paths, pretokenized, text_field))
