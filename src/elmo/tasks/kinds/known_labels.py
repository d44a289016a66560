"""Labels of training examples, checked: at least two, one per example, or a number."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from elmo.errors import ConfigError, TextError
from elmo.tasks.examples import Example


def two_or_more(train: Sequence[Example], source: str) -> list[str]:
    """The different labels, in alphabetical order.

    Raises:
        TextError: there is one alone, or none.
    """
    counts = Counter(label for example in train for label in example.labels)
    if len(counts) < 2:
        raise TextError(f"{source}: {len(counts)} label(s) ({', '.join(counts)}); a task needs at least two")
    return sorted(counts)


def one_each(train: Sequence[Example], source: str, advice: str = "") -> list[str]:
    """The labels of examples with one label each.

    Args:
        advice: what to do with several.
    Raises:
        ConfigError: an example has another number of labels. TextError: see `two_or_more`.
    """
    several = next((example for example in train if len(example.labels) != 1), None)
    if several is not None:
        raise ConfigError(f"{source}, line {several.line}: {len(several.labels)} labels, expected one{advice}")
    return two_or_more(train, source)


def require_one(examples: Sequence[Example], source: str) -> None:
    """Refuse an example to score that does not have exactly one label.

    Raises:
        TextError: with the line.
    """
    for example in examples:
        if len(example.labels) != 1:
            raise TextError(f"{source}, line {example.line}: {len(example.labels)} labels, expected one")


def numbers_of(examples: Sequence[Example], source: str) -> list[float]:
    """The labels as numbers.

    Raises:
        TextError: one is no finite number.
    """
    values = []
    for example in examples:
        try:
            (label,) = example.labels
            value = float(label)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise TextError(
                f"{source}, line {example.line}: the label {', '.join(example.labels)!r} is not a number, such as 0.80"
            )
        values.append(value)
    return values


def mean_and_deviation(values: Sequence[float]) -> list[str]:
    """The mean and standard deviation of the training numbers of a regression, as text."""
    return [repr(float(np.mean(values))), repr(float(np.std(values)) or 1.0)]
