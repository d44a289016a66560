"""Files of any format -> a stream of sentences as words, with the starts of documents, in constant memory."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from elmo.errors import TextError
from elmo.storage.compressed import A_FOLDER, STANDARD_INPUT
from elmo.text.sources.texts import read_texts, sentences_of
from elmo.text.tokenizer import VERSION_1, Tokenizer


class CorpusSentence(NamedTuple):
    """A sentence of a corpus."""

    words: Sequence[str]  # at least one
    begins_document: bool


@dataclass
class CorpusCounts:
    """The counts of files and records skipped so far."""

    empty_lines: int = 0
    empty_files: int = 0
    skipped_records: int = 0  # without a text, or with one that holds no word


def find_files(patterns: Sequence[str | Path]) -> list[Path]:
    """The files of paths and globs, sorted within a pattern, each file once; `-` is standard input.

    Raises:
        TextError: a pattern names no file, or may not be looked for.
    """
    found: dict[str, Path] = {}  # by the file itself: a.txt and ../here/a.txt are one text, not to be learnt twice
    for pattern in patterns:
        path = Path(pattern)
        if path == STANDARD_INPUT:
            found.setdefault(str(path), path)
            continue
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


class Corpus:
    """The sentences of files, which can be read once; `counts` grows while they are read.

    In a file of lines, a line without a word ends a document, and so does the end of the file. In a file of records each record
    is a document (see `texts.py`).

    Args:
        pretokenized: one sentence a line, tokens separated by white space; else raw text, cut into sentences and tokens.
        text_field: the field or column of a record that holds its text; None: `text`.
        tokenizer: cuts raw text.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        pretokenized: bool,
        text_field: str | None = None,
        tokenizer: Tokenizer = VERSION_1,
    ) -> None:
        self._paths = paths
        self._pretokenized = pretokenized
        self._text_field = text_field
        self._tokenizer = tokenizer
        self.counts = CorpusCounts()

    def __iter__(self) -> Iterator[CorpusSentence]:
        """Read the files in order.

        Raises:
            TextError: a file is missing or broken; see `read_texts`.
        """
        for path in self._paths:
            empty = True
            for sentence in self._of_file(path):
                empty = False
                yield sentence
            self.counts.empty_files += empty

    def _of_file(self, path: Path) -> Iterator[CorpusSentence]:
        begins = True
        for source in read_texts(path, self._text_field):
            begins = begins or bool(source.begins_document)
            blank = True
            for words in sentences_of(source, self._pretokenized, self._tokenizer):
                yield CorpusSentence(words, begins)
                begins = blank = False
            if blank and source.begins_document is None:
                self.counts.empty_lines += 1
                begins = True
            elif blank:
                self.counts.skipped_records += 1


def corpus_words(
    paths: Iterable[Path], pretokenized: bool, text_field: str | None = None, tokenizer: Tokenizer = VERSION_1
) -> Iterator[Sequence[str]]:
    """The sentences of files as words, ignoring documents; see `Corpus`."""
    return (sentence.words for sentence in Corpus(paths, pretokenized, text_field, tokenizer))
