"""The kind `tag`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from elmo.errors import ConfigError, TextError
from elmo.tasks.batches import TableSizes
from elmo.tasks.data.conll import read_tagged, require_span_tags
from elmo.tasks.data.tag_jsonl import read_tagged_records, tagged_record
from elmo.tasks.data.tag_variants import as_span_tags, refuse_stray_tags
from elmo.tasks.data.tags import OUTSIDE, Scheme, guess_scheme, is_span_tag, spans_of_tags
from elmo.tasks.examples import Example, given_text
from elmo.tasks.kinds.kind import Kind, KnownLabels
from elmo.tasks.kinds.known_labels import two_or_more
from elmo.tasks.kinds.tag.model import Tagger
from elmo.tasks.kinds.tag.settings import TagConfig
from elmo.text.sources.file_kinds import format_of

_MOST_TAGS = 4000  # a transition each from each: 64 MB


class TagKind(Kind[TagConfig, Tagger]):
    """A tag for each token: entities, slots, parts of speech."""

    name, settings = "tag", TagConfig
    reads_one_text = True

    def read(self, config: TagConfig, path: Path, report: Callable[[str], None] = lambda line: None) -> list[Example]:
        """Read CoNLL columns, CoNLL-U, or records."""
        form = format_of(path)
        if form == "csv":
            raise TextError(
                f"{path}: tagged sentences are not read from .csv tables; write a word, a tab and its tag on each line and a "
                "blank line after each sentence (.conll), or JSON lines with tokens and tags (.jsonl)"
            )
        if form in ("jsonl", "json", "parquet"):
            found = read_tagged_records(path, config.label, config.raw_text_tokenizer)
        else:
            found = read_tagged(path, config.label)
        if config.spans is False:
            return found
        examples, change = as_span_tags(found)
        if change is not None:
            report(change)
        return examples

    def labelled(self, config: TagConfig, given: object, number: int, where: str) -> Example:
        """`(tokens, tags)`, or a dict with `tokens` and `tags`, or `text` and `spans`."""
        if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
            tokens, tags = given
            given = {"tokens": list(tokens), config.label or "tags": list(tags)}
        if not isinstance(given, Mapping):
            raise TextError(f"{where} is {given!r:.80}; give (tokens, tags), or a dict with tokens and tags")
        return tagged_record(given, number, config.label, where, tokenizer=config.raw_text_tokenizer)

    def example(self, config: TagConfig, given: object, number: int, where: str) -> Example:
        """A string or a list of tokens."""
        return given_text(given, number, where, config.raw_text_tokenizer)

    def labels(self, config: TagConfig, train: Sequence[Example], source: str) -> KnownLabels:
        """The labels of spans, or else the tags."""
        scheme = _scheme_of(config, train, source)
        if scheme is not None:
            spans = sorted({span.label for example in train for span in spans_of_tags(example.labels)})
            if not spans:
                raise TextError(f"{source}: contains no span; every tag is O")
            return KnownLabels(spans, scheme)
        return KnownLabels(two_or_more(train, source))

    def require_gold(self, config: TagConfig, labels: KnownLabels, examples: Sequence[Example], source: str) -> None:
        """Tags of spans if the task has spans."""
        if labels.scheme is not None:
            require_span_tags(examples, source)

    def labels_in(self, config: TagConfig, labels: KnownLabels, example: Example) -> Collection[str]:
        """Labels of its spans, or else its tags."""
        return example.labels if labels.scheme is None else [span.label for span in spans_of_tags(example.labels)]

    def build(self, config: TagConfig, labels: KnownLabels, tables: TableSizes, elmo: tuple[int, int] | None) -> Tagger:
        """A BiLSTM-CRF."""
        n_tags = 4 * len(labels.names) + 1 if labels.scheme else len(labels.names)
        if n_tags > _MOST_TAGS:
            raise ConfigError(
                f"{len(labels.names):,} labels make {n_tags:,} tags, and the CRF {n_tags**2:,} transitions "
                f"({n_tags**2 * 4 // 2**20:,} MB, computed at each token); at most {_MOST_TAGS:,} tags are possible: "
                "merge rare labels"
            )
        return Tagger(config, labels.names, labels.scheme, tables, elmo)


def _scheme_of(config: TagConfig, train: Sequence[Example], source: str) -> Scheme | None:
    """The scheme of the tags; None: they are not tags of spans."""
    if config.spans is False:
        return None
    tags = [example.labels for example in train]
    if config.scheme is None and not config.spans and not _look_like_spans(tags):
        refuse_stray_tags(train, source)
        return None
    require_span_tags(train, source)
    return config.scheme or guess_scheme(tags)


def _look_like_spans(tags: Sequence[Sequence[str]]) -> bool:
    """Whether there is a span, and every tag is one of a span."""
    every = {tag for some in tags for tag in some}
    return every != {OUTSIDE} and all(map(is_span_tag, every))


TAG = TagKind()
