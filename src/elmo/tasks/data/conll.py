"""Files of tagged sentences: CoNLL's columns, CoNLL-U.

Columns are separated by tabs or blanks, the word first and the tag last, a blank line between sentences; lines of `-DOCSTART-`
are left out. CoNLL-U: the word and its UPOS. Files may be packed (gz, xz, zst), end lines as Windows does, begin with a byte
order mark, and end without a line end.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from elmo.errors import TextError
from elmo.tasks.data.tags import is_span_tag
from elmo.tasks.examples import Example, with_blanks
from elmo.text.sources.file_kinds import holds_conllu
from elmo.text.sources.lines import read_lines

_DOCUMENT = "-DOCSTART-"
_CONLLU_COLUMNS, _UPOS = 10, 3


def read_tagged(path: Path) -> list[Example]:
    """All sentences of a file.

    Raises:
        TextError: the file is missing or broken, a line has another number of columns than the first, or there is no sentence;
            the message names the line.
    """
    examples = list(_conllu(path) if holds_conllu(path) else _columns(path))
    if not examples:
        raise TextError(f"{path}: contains no sentence; a line is a word and its tag, a blank line ends a sentence")
    return examples


def require_span_tags(examples: Sequence[Example], source: str) -> None:
    """Refuse examples with a tag that is not the tag of a span.

    Args:
        source: of the examples, for messages.
    Raises:
        TextError: with the line of the tag.
    """
    for example in examples:
        for at, tag in enumerate(example.labels):
            if not is_span_tag(tag):
                raise TextError(
                    f"{source}, line {example.line_of(at)}: the tag {tag!r} is not the tag of a span; a span has "
                    "tags as B-PER and I-PER, other tokens O"
                )


def _columns(path: Path) -> Iterator[Example]:
    words: list[str] = []
    tags: list[str] = []
    n_columns = None
    tabbed = None
    first = 1
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip() or line.startswith(_DOCUMENT):
            if words:
                yield _example(words, tags, first)
            words, tags = [], []
            continue
        if tabbed is None:
            tabbed = "\t" in line
        columns = line.split("\t") if tabbed else line.split()
        if n_columns is None:
            n_columns = len(columns)
        if len(columns) != n_columns or n_columns < 2:
            raise TextError(
                f"{path}, line {number}: {len(columns)} column(s), "
                + ("the first line has " + str(n_columns) if n_columns > 1 else "there must be a word and a tag")
                + f"; columns are separated by {'tabs' if tabbed else 'blanks'}"
            )
        word, tag = columns[0].strip(), columns[-1].strip()
        if not word or not tag:
            raise TextError(f"{path}, line {number}: no {'tag' if word else 'word'}; each line has both")
        first = first if words else number
        words.append(word)
        tags.append(tag)
    if words:
        yield _example(words, tags, first)


def _conllu(path: Path) -> Iterator[Example]:
    words: list[str] = []
    tags: list[str] = []
    first = 1
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            if words:
                yield _example(words, tags, first)
            words, tags = [], []
            continue
        if line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != _CONLLU_COLUMNS:
            raise TextError(
                f"{path}, line {number}: {len(columns)} columns, CoNLL-U has {_CONLLU_COLUMNS}, with tabs between"
            )
        if columns[0].isdecimal():  # neither a range of words nor an empty node
            first = first if words else number
            words.append(columns[1])
            tags.append(columns[_UPOS])
    if words:
        yield _example(words, tags, first)


def _example(words: list[str], tags: list[str], line: int) -> Example:
    text, tokens = with_blanks(words)
    return Example(tokens, tags, text, line, a_token_a_line=True)
