"""The kind `relation`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from elmo.errors import ConfigError, TextError
from elmo.tasks.batches import TableSizes
from elmo.tasks.data.labelled_records import json_object
from elmo.tasks.data.pubtator import document_example, holds_pubtator, read_documents
from elmo.tasks.data.relation_data import labelled_relation, read_relations, related_example, related_line
from elmo.tasks.examples import Example
from elmo.tasks.kinds.kind import Kind, KnownLabels
from elmo.tasks.kinds.known_labels import one_each, require_one
from elmo.tasks.kinds.relation.document_model import DocumentRelations
from elmo.tasks.kinds.relation.model import RelationModel
from elmo.tasks.kinds.relation.settings import RelationConfig


class RelationKind(Kind[RelationConfig, RelationModel | DocumentRelations]):
    """The relation of two mentions in a text, or of the concepts of a document (PubTator)."""

    name, settings = "relation", RelationConfig

    def for_file(self, config: RelationConfig, path: Path) -> RelationConfig:
        """Relations in PubTator files are those of documents."""
        documents = holds_pubtator(path)
        if config.ngrams and not documents:
            raise ConfigError(
                f"{path}: ngrams are for concepts in documents (PubTator), not for two mentions; leave ngrams out"
            )
        return config.model_copy(update={"documents": documents})

    def read(
        self, config: RelationConfig, path: Path, report: Callable[[str], None] = lambda line: None
    ) -> list[Example]:
        """Read jsonl, tsv, csv or PubTator."""
        if config.documents and not holds_pubtator(path):
            raise TextError(
                f"{path}: the task was trained on documents; give a file in the format PubTator (.pubtator)"
            )
        tokenizer = config.raw_text_tokenizer
        if config.documents:
            return read_documents(path, tokenizer)
        return read_relations(path, config.text, config.label, report, tokenizer)

    def labelled(self, config: RelationConfig, given: object, number: int, where: str) -> Example:
        """`(text with <e1> and <e2>, label)`, or a dict with `text`, `label` and, without marks, `head` and `tail`."""
        if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
            given = {config.text or "text": given[0], config.label or "label": given[1]}
        if not isinstance(given, Mapping):
            raise TextError(f"{where} is {given!r:.80}; give (text, label), or a dict with text, head, tail and label")
        return labelled_relation(given, config.text, config.label, number, where, config.raw_text_tokenizer)

    def example(self, config: RelationConfig, given: object, number: int, where: str) -> Example:
        """A text with marks, or a dict as a line of its file."""
        if config.documents:
            return document_example(given, number, where, config.raw_text_tokenizer)
        values = given if isinstance(given, dict) else {"text": given}
        return related_example(values, [], number, where, config.raw_text_tokenizer)

    def example_of_line(self, config: RelationConfig, line: str, number: int, pretokenized: bool) -> Example:
        """A text with marks, or a JSON object."""
        where = f"line {number}"
        if config.documents:
            return document_example(json_object(line, where), number, where, config.raw_text_tokenizer)
        return related_line(line, number, where, config.raw_text_tokenizer)

    def read_unlabelled(self, config: RelationConfig, path: Path) -> list[Example] | None:
        """The documents of a PubTator file."""
        if not (config.documents and holds_pubtator(path)):
            return None
        return read_documents(path, config.raw_text_tokenizer)

    def labels(self, config: RelationConfig, train: Sequence[Example], source: str) -> KnownLabels:
        """Relations; for documents with the kinds of their concepts."""
        return KnownLabels(_of_documents(train, source) if config.documents else one_each(train, source))

    def require_gold(
        self, config: RelationConfig, labels: KnownLabels, examples: Sequence[Example], source: str
    ) -> None:
        """One label each, except in documents."""
        if not config.documents:
            require_one(examples, source)

    def labels_in(self, config: RelationConfig, labels: KnownLabels, example: Example) -> Collection[str]:
        """Its label; none for documents."""
        return [] if config.documents else example.labels

    def build(
        self, config: RelationConfig, labels: KnownLabels, tables: TableSizes, elmo: tuple[int, int] | None
    ) -> RelationModel | DocumentRelations:
        """A model of two mentions, or of the concepts of a document."""
        return (DocumentRelations if config.documents else RelationModel)(config, labels.names, tables, elmo)


def _of_documents(train: Sequence[Example], source: str) -> list[str]:
    """The relations of documents with the kinds of their concepts, as `CID(Chemical,Disease)`."""
    found = set()
    for example in train:
        assert example.document is not None
        kinds = example.document.kinds
        for head, tail, name in example.document.links:
            if head in kinds and tail in kinds:
                found.add(f"{name}({kinds[head]},{kinds[tail]})")
    if not found:
        raise TextError(f"{source}: contains no relation between two mentioned concepts")
    return sorted(found)


RELATION = RelationKind()
