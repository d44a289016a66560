"""The kind `classify`."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from elmo.errors import TextError
from elmo.tasks.batches import TableSizes
from elmo.tasks.data.intents.intent_files import read_intents
from elmo.tasks.data.labelled_records import Record, Wanted, read_records, record_of, text_and_tokens
from elmo.tasks.examples import Example, given_text
from elmo.tasks.kinds.classify.biattentive import BiattentiveClassifier
from elmo.tasks.kinds.classify.model import Classifier
from elmo.tasks.kinds.classify.settings import ClassifyConfig
from elmo.tasks.kinds.kind import Kind, KnownLabels
from elmo.tasks.kinds.known_labels import one_each, require_one, two_or_more
from elmo.text.tokenizer import VERSION_1, Tokenizer

_BETWEEN_LABELS = re.compile(r"[,;|]")


class ClassifyKind(Kind[ClassifyConfig, Classifier | BiattentiveClassifier]):
    """Labels of a text: sentiment, intents, topics."""

    name, settings = "classify", ClassifyConfig
    reads_one_text = True

    def read(
        self, config: ClassifyConfig, path: Path, report: Callable[[str], None] = lambda line: None
    ) -> list[Example]:
        """Read jsonl, tsv or csv, or an export of Rasa, Dialogflow or LUIS."""
        found = read_intents(path, config.language, report)
        if found is None:
            return read_labelled(path, config.text, config.label, report, config.raw_text_tokenizer)
        records = (Record({"text": one.text}, [one.intent], one.number, one.where) for one in found)
        return [_example(record, config.raw_text_tokenizer) for record in records]

    def labelled(self, config: ClassifyConfig, given: object, number: int, where: str) -> Example:
        """`(text, label)`, the label a list where there may be several, or a dict with `text` and `label`."""
        if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
            given = {config.text or "text": given[0], config.label or "label": given[1]}
        if not isinstance(given, Mapping):
            raise TextError(f"{where} is {given!r:.80}; give (text, label), or a dict with text and label")
        return _example(record_of(given, _wanted(config.text, config.label), number, where), config.raw_text_tokenizer)

    def example(self, config: ClassifyConfig, given: object, number: int, where: str) -> Example:
        """A string or a list of tokens."""
        return given_text(given, number, where, config.raw_text_tokenizer)

    def usable(self, config: ClassifyConfig, train: list[Example], source: str) -> list[Example]:
        """All but those out of scope.

        Raises:
            TextError: all are.
        """
        if config.out_of_scope is None:
            return train
        found = [example for example in train if example.labels != [config.out_of_scope]]
        if not found:
            raise TextError(f"{source}: every example has the label {config.out_of_scope!r}, which is out of scope")
        return found

    def labels(self, config: ClassifyConfig, train: Sequence[Example], source: str) -> KnownLabels:
        """One label each, or any number of them."""
        if config.multi_label:
            n_each = {len(example.labels) for example in train}
            if (
                len(n_each) == 1
                and max(n_each) > 1
                and {x for e in train for x in e.labels} <= {"0", "1", "0.0", "1.0"}
            ):
                raise TextError(
                    f"{source}: the labels are vectors of 0 and 1; give the names of the labels that are 1, as "
                    '"labels": ["joy", "anger"]'
                )
            joined = _joined_label(train)
            if joined is not None:
                raise TextError(
                    f"{source}: the label {joined!r:.60} is several in one; a text with several labels has a list of them, as "
                    '"labels": ["joy", "anger"] in a .jsonl file'
                )
            return KnownLabels(two_or_more(train, source))
        return KnownLabels(one_each(train, source, "; --set multi_label=true learns any number of labels"))

    def require_gold(
        self, config: ClassifyConfig, labels: KnownLabels, examples: Sequence[Example], source: str
    ) -> None:
        """One label each, unless there may be several."""
        if not config.multi_label:
            require_one(examples, source)

    def labels_in(self, config: ClassifyConfig, labels: KnownLabels, example: Example) -> Collection[str]:
        """Its labels, unless it is out of scope."""
        return [] if example.labels == [config.out_of_scope] else example.labels

    def build(
        self, config: ClassifyConfig, labels: KnownLabels, tables: TableSizes, elmo: tuple[int, int] | None
    ) -> Classifier | BiattentiveClassifier:
        """A BiLSTM whose tokens are pooled, or the biattentive classification network."""
        network = BiattentiveClassifier if config.network == "biattentive" else Classifier
        return network(config, labels.names, tables, elmo)


def _wanted(text: str | None, label: str | None) -> Wanted:
    return Wanted(("text",), {"text": text, "label": label})


def _joined_label(examples: Sequence[Example]) -> str | None:
    """A label that is made of other labels with a delimiter between, as cells of tables are; None: there is none."""
    known = {label for example in examples for label in example.labels}
    for label in sorted(known):
        parts = [part.strip() for part in _BETWEEN_LABELS.split(label)]
        if len(parts) > 1 and known.issuperset(parts):
            return label
    return None


def read_labelled(
    path: Path,
    text: str | None = None,
    label: str | None = None,
    report: Callable[[str], None] = lambda line: None,
    tokenizer: Tokenizer = VERSION_1,
) -> list[Example]:
    """Texts with their labels.

    Raises:
        TextError: see `read_records`; or a text is missing or has no word.
    """
    return [_example(record, tokenizer) for record in read_records(path, _wanted(text, label), report)]


def _example(record: Record, tokenizer: Tokenizer) -> Example:
    whole, tokens = text_and_tokens(record.values.get("text"), record.where, tokenizer=tokenizer)
    return Example(tokens, record.labels, whole, record.line)


CLASSIFY = ClassifyKind()
