"""The kind `pair`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from elmo.errors import TextError
from elmo.tasks.batches import TableSizes
from elmo.tasks.data.labelled_records import Record, Wanted, read_records, record_of, text_and_tokens
from elmo.tasks.data.two_texts import example_of_two, line_of_two
from elmo.tasks.examples import Example
from elmo.tasks.kinds.kind import Kind, KnownLabels
from elmo.tasks.kinds.known_labels import mean_and_deviation, numbers_of, one_each, require_one
from elmo.tasks.kinds.pair.model import PairClassifier, PairScorer
from elmo.tasks.kinds.pair.settings import PairConfig
from elmo.text.tokenizer import Tokenizer


class PairKind(Kind[PairConfig, PairClassifier | PairScorer]):
    """A label or a number for two texts: entailment, paraphrase, similarity."""

    name, settings = "pair", PairConfig

    def read(self, config: PairConfig, path: Path, report: Callable[[str], None] = lambda line: None) -> list[Example]:
        """Read jsonl, tsv or csv."""
        return [_example(record, config.raw_text_tokenizer) for record in read_records(path, _wanted(config), report)]

    def labelled(self, config: PairConfig, given: object, number: int, where: str) -> Example:
        """`(a, b, label)`, or a dict with `a`, `b` and `label`."""
        if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 3:
            given = {config.a or "a": given[0], config.b or "b": given[1], config.label or "label": given[2]}
        if not isinstance(given, Mapping):
            raise TextError(f"{where} is {given!r:.80}; give (a, b, label), or a dict with a, b and label")
        return _example(record_of(given, _wanted(config), number, where), config.raw_text_tokenizer)

    def example(self, config: PairConfig, given: object, number: int, where: str) -> Example:
        """Two texts, each a string or a list of tokens."""
        return example_of_two(given, number, where, "", config.raw_text_tokenizer)

    def example_of_line(self, config: PairConfig, line: str, number: int, pretokenized: bool) -> Example:
        """Two texts with a tab between, or a JSON object."""
        sides = line_of_two(line, number, pretokenized, ("a", "b"))
        return example_of_two(sides, number, f"line {number}", "", config.raw_text_tokenizer)

    def labels(self, config: PairConfig, train: Sequence[Example], source: str) -> KnownLabels:
        """One label each, or the mean and the deviation of the numbers."""
        if config.regression:
            return KnownLabels(mean_and_deviation(numbers_of(train, source)))
        return KnownLabels(one_each(train, source))

    def require_gold(self, config: PairConfig, labels: KnownLabels, examples: Sequence[Example], source: str) -> None:
        """One label each, or a number."""
        if config.regression:
            numbers_of(examples, source)
        else:
            require_one(examples, source)

    def labels_in(self, config: PairConfig, labels: KnownLabels, example: Example) -> Collection[str]:
        """Its label, unless it is a number."""
        return [] if config.regression else example.labels

    def build(
        self, config: PairConfig, labels: KnownLabels, tables: TableSizes, elmo: tuple[int, int] | None
    ) -> PairClassifier | PairScorer:
        """ESIM with a label or a number."""
        return (PairScorer if config.regression else PairClassifier)(config, labels.names, tables, elmo)


def _wanted(config: PairConfig) -> Wanted:
    names = {"a": config.a, "b": config.b, "label": config.label}
    return Wanted(("a", "b"), names, numbers=config.regression)


def _example(record: Record, tokenizer: Tokenizer) -> Example:
    (a, of_a), (b, of_b) = (text_and_tokens(record.values.get(name), record.where, name, tokenizer) for name in "ab")
    return Example(of_a, record.labels, a, record.line, Example(of_b, [], b, record.line))


PAIR = PairKind()
