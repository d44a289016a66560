"""The kind `qa`."""

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from elmo.errors import TextError
from elmo.tasks.batches import TableSizes
from elmo.tasks.data.squad import question_example, read_questions
from elmo.tasks.data.two_texts import example_of_two, line_of_two
from elmo.tasks.examples import Example
from elmo.tasks.kinds.kind import Kind, KnownLabels
from elmo.tasks.kinds.qa.model import ExtractiveQA
from elmo.tasks.kinds.qa.settings import QAConfig

_ORDER = ", passage and question"


class QAKind(Kind[QAConfig, ExtractiveQA]):
    """The answer to a question, a span of its passage."""

    name, old_names, settings = "qa", ("read",), QAConfig

    def read(self, config: QAConfig, path: Path, report: Callable[[str], None] = lambda line: None) -> list[Example]:
        """Read the format of SQuAD."""
        return read_questions(path, config.raw_text_tokenizer)

    def labelled(self, config: QAConfig, given: object, number: int, where: str) -> Example:
        """A dict with `context`, `question` and `answers`, each with `text` and `answer_start`."""
        if not isinstance(given, Mapping):
            raise TextError(f"{where} is {given!r:.80}; give a dict with context, question and answers")
        return question_example(given, number, where, config.raw_text_tokenizer)

    def example(self, config: QAConfig, given: object, number: int, where: str) -> Example:
        """A passage and a question, each a string or a list of tokens."""
        return example_of_two(given, number, where, _ORDER, config.raw_text_tokenizer)

    def example_of_line(self, config: QAConfig, line: str, number: int, pretokenized: bool) -> Example:
        """Passage and question with a tab between, or a JSON object."""
        sides = line_of_two(line, number, pretokenized, ("context", "question"))
        return example_of_two(sides, number, f"line {number}", _ORDER, config.raw_text_tokenizer)

    def usable(self, config: QAConfig, train: list[Example], source: str) -> list[Example]:
        """Questions whose answer is in the passage; with `no_answer` also those without one."""
        kept = [e for e in train if e.answer_spans or (config.no_answer and not e.labels)]
        if not kept:
            raise TextError(f"{source}: contains no question whose answer is in its passage")
        if len(kept) < len(train):
            n_unanswered = sum(not e.labels for e in train)
            advice = (
                "; --set no_answer=true trains on those without an answer"
                if n_unanswered and not config.no_answer
                else ""
            )
            warnings.warn(
                f"{source}: {len(train) - len(kept):,} of {len(train):,} questions are left out: their answer is not in the "
                f"passage{advice}",
                stacklevel=2,
            )
        return kept

    def labels(self, config: QAConfig, train: Sequence[Example], source: str) -> KnownLabels:
        """None: answers are spans of the passage."""
        return KnownLabels([])

    def labels_in(self, config: QAConfig, labels: KnownLabels, example: Example) -> Collection[str]:
        """None: answers are no labels."""
        return []

    def build(
        self, config: QAConfig, labels: KnownLabels, tables: TableSizes, elmo: tuple[int, int] | None
    ) -> ExtractiveQA:
        """BiDAF with self-attention."""
        return ExtractiveQA(config, labels.names, tables, elmo)


QA = QAKind()
