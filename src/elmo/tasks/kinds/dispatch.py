"""The kinds of tasks: how each reads its files, what a caller gives it, and which model it has."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elmo.errors import ConfigError, TextError
from elmo.tasks.batches import TableSizes
from elmo.tasks.config import TaskConfig
from elmo.tasks.data.conll import read_tagged, require_span_tags
from elmo.tasks.data.labelled_records import json_object, text_and_tokens
from elmo.tasks.data.labelled_text import read_labelled, read_pairs
from elmo.tasks.data.pubtator import document_example, holds_pubtator, read_documents
from elmo.tasks.data.relation_data import read_relations, related_example, related_line
from elmo.tasks.data.squad import read_questions
from elmo.tasks.data.tag_jsonl import read_tagged_records
from elmo.tasks.data.tags import Scheme
from elmo.tasks.examples import Example, with_blanks
from elmo.tasks.kinds.classify.biattentive import BiattentiveClassifier
from elmo.tasks.kinds.classify.model import Classifier
from elmo.tasks.kinds.labels import require_labels
from elmo.tasks.kinds.pair.model import PairClassifier, PairScorer
from elmo.tasks.kinds.qa.model import ExtractiveQA
from elmo.tasks.kinds.relation.document_model import DocumentRelations
from elmo.tasks.kinds.relation.model import RelationModel
from elmo.tasks.kinds.tag.model import Tagger
from elmo.text.sources.file_kinds import holds_records
from elmo.text.tokens import tokenize

_ORDER = {"pair": "", "qa": ", passage and question"}
_NAMES = {"pair": ("a", "b"), "qa": ("context", "question")}

TaskModel = (
    Tagger
    | Classifier
    | BiattentiveClassifier
    | PairClassifier
    | PairScorer
    | RelationModel
    | DocumentRelations
    | ExtractiveQA
)


def for_file(config: TaskConfig, path: Path) -> TaskConfig:
    """The settings of a task as its training file completes them: relations in PubTator are those of documents.

    Raises:
        ConfigError: n-grams for the relation of two mentions in a sentence.
    """
    documents = config.task == "relation" and holds_pubtator(path)
    if config.ngrams and config.task == "relation" and not documents:
        raise ConfigError(
            f"{path}: ngrams speak of concepts in documents (PubTator), not of two mentions; leave ngrams out"
        )
    return config.model_copy(update={"documents": documents})


def read_examples(config: TaskConfig, path: Path) -> list[Example]:
    """The examples of a file with their labels.

    Raises:
        TextError: the file is missing, broken or of another kind; the message names the line.
    """
    match config.task:
        case "tag":
            return read_tagged_records(path, config.label) if holds_records(path) else read_tagged(path)
        case "classify":
            return read_labelled(path, config.label)
        case "pair":
            return read_pairs(path, config.label)
        case "relation":
            return read_documents(path) if config.documents else read_relations(path, config.label)
        case "qa":
            return read_questions(path)


def read_to_score(config: TaskConfig, scheme: Scheme | None, path: Path) -> list[Example]:
    """Examples whose labels can be compared with predictions.

    Raises:
        TextError: see `read_examples`; or a label is none that the task could say.
    """
    if config.documents and not holds_pubtator(path):
        raise TextError(f"{path}: the task was trained on documents; give a file in the format PubTator (.pubtator)")
    examples = read_examples(config, path)
    require_labels(config, examples, path)
    if scheme is not None:
        require_span_tags(examples, path)
    return examples


def new_model(
    config: TaskConfig, labels: Sequence[str], scheme: Scheme | None, tables: TableSizes, elmo: tuple[int, int] | None
) -> TaskModel:
    """The model of a task with fresh weights; arguments as of `Tagger`."""
    match config.task:
        case "tag":
            return Tagger(config, labels, scheme, tables, elmo)
        case "classify":
            kind = BiattentiveClassifier if config.network == "biattentive" else Classifier
            return kind(config, labels, tables, elmo)
        case "pair":
            return (PairScorer if config.regression else PairClassifier)(config, labels, tables, elmo)
        case "relation":
            return (DocumentRelations if config.documents else RelationModel)(config, labels, tables, elmo)
        case "qa":
            return ExtractiveQA(config, labels, tables, elmo)


def example_of(config: TaskConfig, given: Any, number: int, where: str | None = None) -> Example:
    """What a caller gives to a task: a text, as a string or a list of tokens; for a pair two of them; for questions
    passage and question; for a relation a text with
    marks, or a dict as a line of its file.

    Args:
        number: from 1. where: for messages.
    Raises:
        TextError: it is something else, or a pair or relation has no word where there must be one.
    """
    where = where or f"text {number}"
    if config.task in ("pair", "qa"):
        if not (isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2):
            raise TextError(f"{where} is {given!r:.80}; give a pair of texts{_ORDER[config.task]}")
        (a, of_a), (b, of_b) = (text_and_tokens(side, where) for side in given)
        return Example(of_a, [], a, number, Example(of_b, [], b, number))
    if config.documents:
        return document_example(given, number, where)
    if config.task == "relation":
        return related_example(given if isinstance(given, dict) else {"text": given}, [], number, where)
    if isinstance(given, str):
        return Example(tokenize(given), [], given, number)
    if isinstance(given, Sequence) and all(isinstance(word, str) for word in given):
        whole, tokens = with_blanks(given)
        return Example(tokens, [], whole, number)
    raise TextError(f"{where} is {given!r:.80}; give a string or a list of strings")


def example_of_line(config: TaskConfig, line: str, number: int, pretokenized: bool) -> Example:
    """A line of a text to predict: a text; two of them with a tab between, or a JSON object; a relation as in its files.

    Args:
        pretokenized: tokens are separated by white space.
    Raises:
        TextError: a line that is no pair or relation.
    """
    where = f"line {number}"
    if config.documents:
        return document_example(json_object(line, where), number, where)
    if config.task == "relation":
        return related_line(line, number, where)
    if config.task in _NAMES:
        names = _NAMES[config.task]
        record = json_object(line, where) if line.lstrip().startswith("{") else None
        sides: Sequence[Any] = line.split("\t") if record is None else [record.get(name) for name in names]
        if len(sides) != 2 or None in sides:
            raise TextError(
                f'{where}: two texts must be there with a tab between, or a JSON object with "{names[0]}" and "{names[1]}"'
            )
        return example_of(config, [_side(side, pretokenized) for side in sides], number, where)
    return example_of(config, line.split() if pretokenized else line, number, where)


def _side(side: Any, pretokenized: bool) -> Any:
    return side.split() if pretokenized and isinstance(side, str) else side
