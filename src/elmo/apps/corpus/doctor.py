"""What a corpus contains, and what to do before training."""

from collections.abc import Callable, Sequence
from pathlib import Path

from elmo.apps.corpus.advice import advise
from elmo.apps.corpus.cleaning_advice import Advice
from elmo.apps.corpus.findings import Findings, find_out
from elmo.text.sources.corpus import find_files
from elmo.text.survey.survey import Survey, survey_files
from elmo.text.tokenizer import NEWEST
from elmo.text.words.vocabulary import read_vocabulary


def examine_corpus(
    patterns: Sequence[str],
    pretokenized: bool = False,
    vocabulary: Path | None = None,
    report: Callable[[Survey], None] = lambda survey: None,
    text_field: str | None = None,
) -> tuple[Findings, list[Advice]]:
    """Read a corpus once; return its counts and recommendations, the most harmful problem first, the training command last.

    Raw text is cut as `elmo pretrain` cuts it for a new model, by the newest version of the tokenizer.

    Args:
        patterns: files and glob patterns.
        pretokenized: one sentence per line, tokens separated by white space.
        vocabulary: a file to measure against the text.
        report: called with the counts so far.
        text_field: the field or column of a record that holds its text; None: `text`.
    Raises:
        TextError: no such file, no such vocabulary, or no readable text in any of the files.
    """
    files = find_files(patterns)
    given = None if vocabulary is None else read_vocabulary(vocabulary)
    findings = find_out(survey_files(files, pretokenized, report, text_field, NEWEST), pretokenized, given)
    return findings, advise(findings, patterns)
