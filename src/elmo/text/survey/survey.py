"""The contents of a text: files read once, as a stream, in bounded memory -> counts.

Kept in memory: one line; the words and lines that `streaming_counts.py` keeps; a number for each different length; one example
per defect. Everything is counted on every line; only repeated lines are sampled, and only beyond a million different ones.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from elmo.errors import TextError
from elmo.storage.compressed import name_of
from elmo.text.sources.source_text import SourceText
from elmo.text.sources.texts import read_texts, sentences_of
from elmo.text.survey.streaming_counts import LineTally, LongestLines, WordTally
from elmo.text.survey.text_defects import find_text_defects
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.words.characters import UNKNOWN_IN_TEXT

HELD_BACK = 10  # one different line in so many, by its hash, so that a repeated line is all on one side
_END_MARKS = frozenset(".!?…。！？؟۔।॥።;:；：\"'”’»」』)）]】>=*|")  # a line may well end in these without being cut
_HYPHENS = ("-", "\xad", "‐")
_COMMAS = ",，、،"
_BEFORE, _AFTER = 12, 40  # characters of an example around the defect


class Example(NamedTuple):
    """A location in the text; characters that cannot be seen are escaped in the excerpt."""

    file: str
    number: int
    excerpt: str


@dataclass
class Survey:
    """The counts of a text.

    Attributes:
        words: of the whole text; `held_back_words`: of the part held back, which `words` has too.
        n_files, n_bytes, n_lines, n_empty, n_documents, n_sentences: what they say; bytes are of the text unpacked, a
            line's end one; a document ends at an empty line or with its file.
        sentence_lengths, document_lengths: length (in tokens, in sentences) -> how many have it.
        defective: name of a defect (`text_defects.TEXT_DEFECTS`) -> lines that have it; `examples`: the first of them.
        unmarked_lengths: length in characters -> lines inside a paragraph that end without any mark of an end.
        n_inside: lines that another follows in the same paragraph; `n_hyphenated`: of them, cut inside a word.
        n_commas, n_separated_commas: all; with a blank before, as tokenized text has them.
        n_unknown_marks: `<unk>`, as prepared corpora have it for a word left out.
        unread: what is wrong with each file that could not be read to its end; its lines before that are counted.
    """

    words: WordTally = field(default_factory=WordTally)
    held_back_words: WordTally = field(default_factory=WordTally)
    lines: LineTally = field(default_factory=LineTally)
    longest: LongestLines = field(default_factory=LongestLines)
    n_files: int = 0
    n_bytes: int = 0
    n_lines: int = 0
    n_empty: int = 0
    n_documents: int = 0
    n_sentences: int = 0
    sentence_lengths: Counter[int] = field(default_factory=Counter)
    document_lengths: Counter[int] = field(default_factory=Counter)
    defective: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Example] = field(default_factory=dict)
    unmarked_lengths: Counter[int] = field(default_factory=Counter)
    n_inside: int = 0
    n_hyphenated: int = 0
    n_commas: int = 0
    n_separated_commas: int = 0
    n_unknown_marks: int = 0
    unread: list[str] = field(default_factory=list)

    def training_words(self) -> Counter[str]:
        """The words of the text without the part held back."""
        held_back = self.held_back_words.counts
        return Counter({word: n - held_back[word] for word, n in self.words.counts.items() if n > held_back[word]})


def survey_files(
    files: Iterable[Path],
    pretokenized: bool,
    report: Callable[[Survey], None] = lambda survey: None,
    text_field: str | None = None,
    tokenizer: Tokenizer = VERSION_1,
) -> Survey:
    """Read files once and count what is in them. A file that cannot be read to its end is noted, and the next one read.

    Args:
        pretokenized: one sentence a line, tokens separated by white space; else raw text, cut into sentences and tokens.
        report: called with the counts so far, some times a second.
        text_field: the field or column of a record that holds its text; None: `text`. tokenizer: splits raw text.
    """
    survey = Survey()
    reported_at = time.monotonic()
    for file in files:
        survey.n_files += 1
        reading = _Reading(survey, name_of(file), pretokenized, tokenizer)
        try:
            for source in read_texts(file, text_field):
                reading.add(source)
                if not survey.n_lines % 256 and time.monotonic() - reported_at > 0.3:
                    report(survey)
                    reported_at = time.monotonic()
        except TextError as error:
            survey.unread.append(str(error))
        reading.end_document()
    return survey


def visible(text: str) -> str:
    """The text on one line, with escapes for what a terminal would not show."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text).strip()


class _Reading:
    """A file being read into a survey: the state from line to line."""

    def __init__(self, survey: Survey, file: str, pretokenized: bool, tokenizer: Tokenizer) -> None:
        self._survey = survey
        self._file = file
        self._pretokenized = pretokenized
        self._tokenizer = tokenizer
        self._document = 0  # sentences so far
        self._before = ""  # the line before, if it is of the same paragraph

    def add(self, source: SourceText) -> None:
        """Count the lines of a text."""
        if source.begins_document:
            self.end_document()
        for line in (source.text or "").split("\n"):
            self._add_line(line, source)

    def _add_line(self, line: str, source: SourceText) -> None:
        survey = self._survey
        survey.n_lines += 1
        encoded = line.encode("utf-8", "surrogatepass")
        size_bytes = len(encoded)
        survey.n_bytes += size_bytes + 1
        stripped = line.strip()
        if not stripped:
            survey.n_empty += 1
            self.end_document()
            return
        line_hash = int.from_bytes(blake2b(encoded, digest_size=8).digest(), "little")
        survey.lines.add(line, line_hash, size_bytes)
        survey.longest.add(size_bytes, self._file, source.line)
        words: list[str] = []
        for sentence in sentences_of(source._replace(text=line), self._pretokenized, self._tokenizer):
            words += sentence
            survey.sentence_lengths[len(sentence)] += 1
            survey.n_sentences += 1
            self._document += 1
        survey.words.add(words)
        if not line_hash // 2**32 % HELD_BACK:  # bits that the sample of repeated lines does not look at
            survey.held_back_words.add(words)
        for name, start in find_text_defects(line):
            survey.defective[name] += 1
            if name not in survey.examples:
                excerpt = visible(line[max(0, start - _BEFORE) : start + _AFTER])
                survey.examples[name] = Example(self._file, source.line, excerpt)
        self._add_shape(stripped)

    def _add_shape(self, line: str) -> None:
        survey = self._survey
        for comma in _COMMAS:
            if n := line.count(comma):
                survey.n_commas += n
                survey.n_separated_commas += line.count(" " + comma)
        survey.n_unknown_marks += line.count(UNKNOWN_IN_TEXT)
        if self._before:
            survey.n_inside += 1
            if self._before[-1] not in _END_MARKS:
                survey.unmarked_lengths[len(self._before)] += 1
                survey.n_hyphenated += self._before.endswith(_HYPHENS) and line[0].islower()
        self._before = line

    def end_document(self) -> None:
        """At an empty line and at the end of the file."""
        if self._document:
            self._survey.n_documents += 1
            self._survey.document_lengths[self._document] += 1
        self._document = 0
        self._before = ""
