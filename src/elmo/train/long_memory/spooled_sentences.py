"""Sentences kept in a temporary file, which can be read again from either end."""

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO


class SpooledSentences:
    """A text that does not have to fit in memory: eight bytes a sentence are held; see `spooled`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._starts = array("Q")

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, words: Sequence[str]) -> None:
        """Write a sentence behind all others."""
        self._starts.append(self._file.seek(0, 2))
        self._file.write(json.dumps(list(words)).encode("ascii") + b"\n")

    def read(self, backward: bool = False) -> Iterator[list[str]]:
        """The sentences in the order of the text, or the last first; the words of each are in the order of the text."""
        for start in reversed(self._starts) if backward else self._starts:
            self._file.seek(start)
            yield json.loads(self._file.readline())


@contextmanager
def spooled(sentences: Iterable[Sequence[str]] = ()) -> Iterator[SpooledSentences]:
    """Keep sentences until the context ends."""
    with TemporaryFile() as file:
        kept = SpooledSentences(file)
        for words in sentences:
            kept.add(words)
        yield kept
