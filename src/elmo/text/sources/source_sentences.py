"""Files of any format -> sentences in tokens, each with its file, line, document and character span."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from elmo.text.sources.rows import tokens_between_blanks, tokens_of_words
from elmo.text.sources.source_text import SourceText
from elmo.text.sources.texts import read_texts
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token


@dataclass(frozen=True)
class TextOptions:
    """How to read the text of files."""

    pretokenized: bool = False  # one sentence a line, tokens separated by white space; else raw text
    text_field: str | None = None  # the field or column of a record that holds its text; None: `text`
    tokenizer: Tokenizer = VERSION_1  # cuts raw text


class SourceSentence(NamedTuple):
    """A sentence and its location."""

    tokens: list[Token]  # at least one; offsets in characters of the line or record
    file: Path
    line: int  # from 1
    document: int  # from 1, over all files
    size_bytes: int  # of its lines in UTF-8, one for each line's end included; 0 for the further sentences of a line

    @property
    def words(self) -> list[str]:
        """The tokens as strings."""
        return [token.text for token in self.tokens]


def read_sentences(paths: Iterable[Path], options: TextOptions = TextOptions()) -> Iterator[SourceSentence]:
    """The non-empty sentences of files in order, in constant memory.

    A line of text without a token ends a document, and so do each record and the end of a file.

    Raises:
        TextError: a file is missing, broken or no text; the message names the line.
    """
    document = 0
    for path in paths:
        ended = True
        for source in read_texts(path, options.text_field):
            ended = ended or bool(source.begins_document)
            blank = True
            for tokens, size_bytes in _sentences(source, options):
                document += ended
                ended = blank = False
                yield SourceSentence(tokens, path, source.line, document, size_bytes)
            ended = ended or (blank and source.begins_document is None)


def _sentences(source: SourceText, options: TextOptions) -> Iterator[tuple[list[Token], int]]:
    """Sentences of a text; the first of a line carries the bytes of the line."""
    text = source.text or ""
    if source.words is not None:
        yield tokens_of_words(source.words), len(text.encode("utf-8", "surrogatepass")) + 1
        return
    start = 0
    for line in text.split("\n"):
        size_bytes = len(line.encode("utf-8", "surrogatepass")) + 1
        for tokens in (
            [tokens_between_blanks(line)] if options.pretokenized else options.tokenizer.tokenize_sentences(line)
        ):
            if tokens:
                yield [Token(t.text, t.start + start, t.end + start) for t in tokens] if start else tokens, size_bytes
                size_bytes = 0
        start += len(line) + 1
