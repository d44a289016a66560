"""The kinds of tasks, and the settings of a task as those of its kind."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, SerializeAsAny, ValidationError

from elmo.errors import TextError, setting_name
from elmo.tasks.config import TaskConfig
from elmo.tasks.examples import Example
from elmo.tasks.kinds.classify.kind import CLASSIFY
from elmo.tasks.kinds.kind import Kind, KnownLabels
from elmo.tasks.kinds.pair.kind import PAIR
from elmo.tasks.kinds.qa.kind import QA
from elmo.tasks.kinds.relation.kind import RELATION
from elmo.tasks.kinds.tag.kind import TAG

AnyKind = Kind[Any, Any]  # of some settings and some models
KINDS: tuple[AnyKind, ...] = (TAG, CLASSIFY, PAIR, RELATION, QA)


def kind_named(name: object) -> AnyKind:
    """The kind of that name, old names too.

    Raises:
        ValueError: there is none.
    """
    for kind in KINDS:
        if name == kind.name or name in kind.old_names:
            return kind
    raise ValueError(f"no task {str(name)[:40]!r}; there are {', '.join(kind.name for kind in KINDS)}")


def kind_of(config: TaskConfig) -> AnyKind:
    """The kind of a task."""
    return kind_named(config.task)


def of_its_kind(settings: Mapping[str, Any], lenient: bool = False) -> tuple[type[TaskConfig], dict[str, Any]]:
    """The settings class of a task and its settings, without defaults of other kinds.

    Args:
        lenient: leave out whatever is of other kinds; files of older versions have the settings of all.
    Raises:
        ValueError: there is no such task, or a setting of another kind.
    """
    kind = kind_named(settings.get("task"))
    own = {**settings, "task": kind.name}
    for name in set(own) - set(kind.settings.model_fields):
        owners = [other for other in KINDS if name in other.settings.model_fields]
        if owners and (lenient or any(_is_default(own[name], other.settings, name) for other in owners)):
            del own[name]
        elif owners:
            of = f"the task{'s' if len(owners) > 1 else ''} {' and '.join(other.name for other in owners)}"
            raise ValueError(f"{name} is a setting of {of}, not of {kind.name}")
    return kind.settings, own


def _is_default(value: object, settings: type[TaskConfig], name: str) -> bool:
    return str(value).lower() == str(settings.model_fields[name].default).lower()  # `--set` has text


def task_config(settings: Mapping[str, Any] | None = None, /, **more: Any) -> TaskConfig:
    """The settings of a task, `task` among them, as those of its kind.

    Raises:
        ValueError: an unknown setting or a value that cannot work.
    """
    kind, own = of_its_kind({**(settings or {}), **more})
    return kind.model_validate(own)


def _parsed(given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    try:
        kind, own = of_its_kind(given, lenient=True)
        return kind.model_validate(own)
    except ValidationError as error:
        raise ValueError("; ".join(f"{setting_name(e['loc'])}: {e['msg']}" for e in error.errors())) from error


AnyTaskConfig = Annotated[SerializeAsAny[TaskConfig], BeforeValidator(_parsed)]  # distinguished by `task`


def drawn(config: TaskConfig, train: Sequence[Example]) -> list[Example]:
    """The configured fraction of the training examples, sampled by the seed, in their order."""
    if config.fraction == 100:
        return list(train)
    order = np.random.default_rng(config.seed).permutation(len(train))
    return [train[i] for i in sorted(order[: math.ceil(len(train) * config.fraction / 100)])]


def learnable(config: TaskConfig, train: Sequence[Example], source: str) -> list[Example]:
    """The examples that a task trains on: the configured fraction, without those that its kind cannot use.

    Raises:
        TextError: none is left.
    """
    return kind_of(config).usable(config, drawn(config, train), source)


def comparable(config: TaskConfig, labels: KnownLabels, examples: Sequence[Example], source: str) -> list[Example]:
    """Examples whose labels can be compared with predictions; numbers that are equal are the same label (`1.0` and `1`).

    Raises:
        TextError: a label is none that can be compared.
    """
    kind_of(config).require_gold(config, labels, examples, source)
    numbers = {number: name for name in labels.names if (number := _number(name)) is not None}
    if not (numbers and examples) or labels.scheme is not None:
        return list(examples)
    if not kind_of(config).labels_in(config, labels, examples[0]):
        return list(examples)
    known = set(labels.names)

    def same(label: str) -> str:
        number = None if label in known else _number(label)
        return label if number is None else numbers.get(number, label)

    return [example._replace(labels=[same(label) for label in example.labels]) for example in examples]


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def unknown_labels(config: TaskConfig, labels: KnownLabels, examples: Sequence[Example], source: str) -> str | None:
    """The warning for labels of a dev file that the training file does not have.

    Raises:
        TextError: it has no other ones.
    """
    kind, known = kind_of(config), set(labels.names)
    there = Counter(label for e in examples for label in kind.labels_in(config, labels, e))
    unknown = [label for label, _ in there.most_common() if label not in known]
    if not unknown:
        return None
    foreign = f"{', '.join(map(repr, unknown[:10]))}{', ...' if len(unknown) > 10 else ''}"
    own = f"{', '.join(map(repr, labels.names[:10]))}{', ...' if len(labels.names) > 10 else ''}"
    if len(unknown) == len(there):
        raise TextError(f"{source}: none of its labels ({foreign}) is in the training file, which has {own}")
    n = sum(there[label] for label in unknown)
    return f"{source}: {n:,} of {there.total():,} labels are not in the training file ({foreign}); it has {own}"


def read_gold(config: TaskConfig, labels: KnownLabels, path: Path) -> list[Example]:
    """Examples of a file whose labels can be compared with predictions.

    Raises:
        TextError: see `Kind.read`; or a label is none that can be compared.
    """
    return comparable(config, labels, kind_of(config).read(config, path), str(path))
