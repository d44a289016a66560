"""Lines of a text -> its sentences, each with the document, the line and the bytes that it stands in."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from elmo.text.sources.corpus import sentences_of_line


class PlacedSentence(NamedTuple):
    """A sentence and where it stands."""

    words: list[str]
    document: int  # from 1
    line: int  # from 1
    size_bytes: int  # of its line in UTF-8, one for the line's end included; 0 for the further sentences of a line


def place_sentences(lines: Iterable[str], pretokenized: bool) -> Iterator[PlacedSentence]:
    """The sentences of a text in order; a blank line, one without a token, ends a document.

    Args:
        lines: without their ends, as `text.sources.corpus.read_lines` gives them.
        pretokenized: one sentence a line, tokens separated by white space; else raw text.
    """
    document, ended = 0, True
    for number, line in enumerate(lines, start=1):
        size_bytes = len(line.encode("utf-8")) + 1
        for words in sentences_of_line(line, pretokenized):
            document += ended
            ended = False
            yield PlacedSentence(words, document, number, size_bytes)
            size_bytes = 0
        ended = ended or size_bytes > 0
