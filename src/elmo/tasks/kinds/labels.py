"""What the labels of a training file are: spans or not, which, how many."""

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from elmo.errors import ConfigError, TextError
from elmo.tasks.config import TaskConfig
from elmo.tasks.data.conll import require_span_tags
from elmo.tasks.data.tags import OUTSIDE, Scheme, guess_scheme, is_span_tag, spans_of_tags
from elmo.tasks.examples import Example


def scheme_of(config: TaskConfig, train: Sequence[Example], path: Path) -> Scheme | None:
    """The scheme of the tags; None: they are no spans, or the task has no tags.

    Raises:
        TextError: spans are to be learned, and a tag is none of a span.
    """
    if config.task != "tag" or config.spans is False:
        return None
    tags = [example.labels for example in train]
    if config.scheme is None and not config.spans and not _look_like_spans(tags):
        return None
    require_span_tags(train, path)
    return config.scheme or guess_scheme(tags)


def _look_like_spans(tags: Sequence[Sequence[str]]) -> bool:
    """Whether there is a span, and every tag is one of a span."""
    every = {tag for some in tags for tag in some}
    return every != {OUTSIDE} and all(map(is_span_tag, every))


def labels_of(config: TaskConfig, scheme: Scheme | None, train: Sequence[Example], path: Path) -> list[str]:
    """The labels that a task is to know, in order of the alphabet; of numbers their mean and deviation.

    Raises:
        TextError: too few, or no number. ConfigError: more than one label of an example, and the task has one.
    """
    if scheme is not None:
        return _span_labels(train, path)
    if config.task == "qa":
        return []
    if config.documents:
        return _document_labels(train, path)
    if config.regression:
        return _numbers(train, path)
    if config.task != "tag" and not config.multi_label:
        several = next((example for example in train if len(example.labels) != 1), None)
        if several is not None:
            advice = "; --set multi_label=true learns any number of labels" if config.task == "classify" else ""
            raise ConfigError(f"{path}, line {several.line}: {len(several.labels)} labels, there must be one{advice}")
    counts = Counter(label for example in train for label in example.labels)
    if len(counts) < 2:
        raise TextError(f"{path}: {len(counts)} label(s) ({', '.join(counts)}); a task needs two or more")
    return sorted(counts)


def learnable(config: TaskConfig, train: list[Example], path: Path) -> list[Example]:
    """Examples that a task learns from: the fraction that is asked for; of questions those are left out, with a warning, whose
    answer is nowhere.

    Raises:
        TextError: none is left.
    """
    if config.fraction < 100:
        order = np.random.default_rng(config.seed).permutation(len(train))
        train = [train[i] for i in sorted(order[: math.ceil(len(train) * config.fraction / 100)])]
    if config.task != "qa":
        return train
    kept = [e for e in train if e.marks or (config.no_answer and not e.labels)]
    if not kept:
        raise TextError(f"{path}: no question whose answer stands in its passage")
    if len(kept) < len(train):
        n_unanswered = sum(not e.labels for e in train)
        advice = "; --set no_answer=true learns when there is none" if n_unanswered and not config.no_answer else ""
        warnings.warn(
            f"{path}: {len(train) - len(kept):,} of {len(train):,} questions are left out, their answer does not stand in the "
            f"passage{advice}",
            stacklevel=2,
        )
    return kept


def require_labels(config: TaskConfig, examples: Sequence[Example], path: Path) -> None:
    """Refuse a file that cannot be scored: an example without its one label, or a label that is no number.

    Raises:
        TextError: with the line.
    """
    if config.regression:
        _numbers(examples, path)
    elif config.task not in ("tag", "qa") and not config.multi_label and not config.documents:
        for example in examples:
            if len(example.labels) != 1:
                raise TextError(f"{path}, line {example.line}: {len(example.labels)} labels, there must be one")


def _document_labels(train: Sequence[Example], path: Path) -> list[str]:
    """`CID(Chemical,Disease)`: relations with the kinds of what they relate."""
    found = set()
    for example in train:
        assert example.document is not None
        kinds = example.document.kinds
        for head, tail, name in example.document.links:
            if head in kinds and tail in kinds:
                found.add(f"{name}({kinds[head]},{kinds[tail]})")
    if not found:
        raise TextError(f"{path}: no relation in it of two concepts that are mentioned")
    return sorted(found)


def _span_labels(train: Sequence[Example], path: Path) -> list[str]:
    labels = sorted({span.label for example in train for span in spans_of_tags(example.labels)})
    if not labels:
        raise TextError(f"{path}: no span in it; every tag is O")
    return labels


def _numbers(examples: Sequence[Example], path: Path) -> list[str]:
    values = []
    for example in examples:
        try:
            (label,) = example.labels
            value = float(label)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise TextError(f"{path}, line {example.line}: the label {example.labels} is no number")
        values.append(value)
    return [repr(float(np.mean(values))), repr(float(np.std(values)) or 1.0)]
