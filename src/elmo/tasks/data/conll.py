"""Files of tagged sentences: CoNLL's columns, CoNLL-U.

Columns are separated by tabs or blanks, the word first (or after its number) and the tag last, a blank line between sentences;
lines of `-DOCSTART-` are left out, a first line such as `word tag`, and comments (`# ...`, `#begin`, `#end`) before a sentence.
CoNLL-U: the word and its UPOS. Files may be packed (gz, xz, zst), end lines as Windows does, begin with a byte order mark, and
end without a line end.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from elmo.errors import TextError
from elmo.tasks.data.columns import plain
from elmo.tasks.data.tags import is_span_tag
from elmo.tasks.examples import Example, with_blanks
from elmo.text.sources.conll import BLANK, DOCUMENT, ColumnLayout, column_layout
from elmo.text.sources.file_kinds import holds_conllu
from elmo.text.sources.lines import read_lines

_CONLLU_COLUMNS, _UPOS = 10, 3
_CONLLU_NAMES = "id form lemma upos xpos feats head deprel deps misc".split()
_WORD_NAMES = {"word", "words", "token", "tokens", "form"}  # of a first line that names the columns
_TAG_NAMES = {"tag", "tags", "label", "labels", "ner", "nertag", "nertags", "pos", "postag", "upos", "slot", "chunk"}


def read_tagged(path: Path, label: str | None = None) -> list[Example]:
    """All sentences of a file.

    Args:
        label: the column of the tag: its number, counted from 1, or its name (of CoNLL-U, or of a first line that names the
            columns). None: the last one, UPOS in CoNLL-U.
    Raises:
        TextError: the file is missing or broken, a line has another number of columns than the first, or there is no sentence;
            the message names the line.
    """
    examples = list(_conllu(path, label) if holds_conllu(path) else _columns(path, label))
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
                    f"{source}, line {example.line_of(at)}: the tag {tag!r} is not the tag of a span; spans have "
                    "tags such as B-PER and I-PER, other tokens have O"
                )


class _Layout(NamedTuple):
    """The layout of the lines."""

    columns: ColumnLayout
    n_columns: int
    tags: set[str]  # of all of them

    def split(self, line: str) -> list[str]:
        """The columns of a line."""
        return self.columns.split(line)

    @property
    def word(self) -> int:
        """The column of the word."""
        return self.columns.word if self.n_columns > 2 else 0

    def is_comment(self, line: str) -> bool:
        """Whether a line that begins with `#` is a comment: its columns differ, or its last one is not a tag of other lines."""
        columns = self.split(line)
        return len(columns) != self.n_columns or columns[-1] not in self.tags


def _layout(lines: Sequence[str]) -> _Layout | None:
    """The layout, from the lines that cannot be comments; None: every line could be one."""
    words = [line for line in lines if line.strip(BLANK) and not line.startswith((DOCUMENT, "#"))]
    if not words:
        return None
    layout = column_layout(lines)
    columns = [layout.split(line) for line in words]
    return _Layout(layout, len(columns[0]), {own[-1] for own in columns})


def _column_names(lines: Sequence[str]) -> list[str]:
    """The names of the columns if the first line has them: `word tag`, and no other line has this tag."""
    if not lines:
        return []
    layout = column_layout(lines[1:])
    first = layout.split(lines[0])
    names = {plain(cell) for cell in first[:-1]}
    named = bool(names & _WORD_NAMES) and plain(first[-1]) in _TAG_NAMES
    if not named or any(line.strip(BLANK) and layout.split(line)[-1] == first[-1] for line in lines[1:]):
        return []
    return first


def _tag_column(label: str | None, names: Sequence[str], n_columns: int, default: int, path: Path) -> int:
    """The index of the column of the tag."""
    if label is None:
        return default
    found = [i for i, name in enumerate(names) if plain(name) == plain(label)]
    if not found and label.isdecimal() and 0 < int(label) <= n_columns:
        found = [int(label) - 1]
    if not found:
        named = f", named {', '.join(names)}" if names else ""
        raise TextError(
            f"{path}: no column {label!r} (--set label=); there are {n_columns}{named}; give a number from 1"
        )
    return found[0]


def _columns(path: Path, label: str | None) -> Iterator[Example]:
    words: list[str] = []
    tags: list[str] = []
    first = 1
    lines = list(read_lines(path))
    names = _column_names(lines)
    if names:
        lines[0] = ""
    known = _layout(lines)
    layout = known or _Layout(ColumnLayout(any("\t" in line for line in lines)), 2, set())
    at = _tag_column(label, names, layout.n_columns, layout.n_columns - 1, path)
    for number, line in enumerate(lines, start=1):
        marks = line.startswith("#") and known is not None and (not words or line.startswith(("#begin ", "#end ")))
        if not line.strip(BLANK) or line.startswith(DOCUMENT) or (marks and layout.is_comment(line)):
            if words:
                yield _example(words, tags, first)
            words, tags = [], []
            continue
        columns = layout.split(line)
        if len(columns) != layout.n_columns or layout.n_columns < 2:
            raise TextError(
                f"{path}, line {number}: {len(columns)} column(s), "
                + (f"the first line has {layout.n_columns}" if layout.n_columns > 1 else "expected a word and a tag")
                + f"; columns are separated by {'tabs' if layout.columns.tabbed else 'blanks'}"
            )
        word, tag = columns[layout.word], columns[at]
        if not word or not tag:
            raise TextError(f"{path}, line {number}: no {'tag' if word else 'word'}; each line has both")
        first = first if words else number
        words.append(word)
        tags.append(tag)
    if words:
        yield _example(words, tags, first)


def _conllu(path: Path, label: str | None) -> Iterator[Example]:
    at = _tag_column(label, _CONLLU_NAMES, _CONLLU_COLUMNS, _UPOS, path)
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
            tags.append(columns[at])
    if words:
        yield _example(words, tags, first)


def _example(words: list[str], tags: list[str], line: int) -> Example:
    text, tokens = with_blanks(words)
    return Example(tokens, tags, text, line, a_token_a_line=True)
