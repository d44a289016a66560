"""`elmo.tasks.train`: labelled examples in memory, or files -> a trained task."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from elmo.checkpoints.load import bundled_models, load_model
from elmo.checkpoints.saved_model import fingerprint
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError, TextError
from elmo.tasks.config import TaskConfig
from elmo.tasks.examples import Example
from elmo.tasks.kinds.registry import kind_of, of_its_kind
from elmo.tasks.layer_cache import cached_layers, computed_layers
from elmo.tasks.saved_task import ELMO_FOLDER, TrainedTask
from elmo.tasks.training import (
    LayersOfExamples,
    TrainingCallback,
    checked_labels,
    prepare,
    train_prepared,
    with_tokenizer,
)
from elmo.train.recipe import validated

Examples = str | Path | Iterable[object]  # a file as `elmo train` takes it, or examples


def train(
    examples: Examples,
    dev: Examples,
    *,
    task: str = "classify",
    model: Elmo | str | Path | None = "en",
    cache: str | Path | None = None,
    watch: TrainingCallback = TrainingCallback(),
    **settings: Any,
) -> TrainedTask:
    """Train a task, as `elmo train` does on the same examples: to the same weights, bit for bit.

    Args:
        examples: to learn from, a file or a list. tag: `(tokens, tags)`; classify: `(text, label)`; pair: `(a, b, label)`;
            relation: `(text with <e1> and <e2>, label)`; qa: dicts with `context`, `question`, `answers`. A dict may have the
            keys of a line of a jsonl file (docs/tasks.md).
        dev: decides which epoch is the best, and calibrates.
        model: a biLM, its name or folder; None: the baseline without one.
        cache: folder where the layers of the biLM are kept; None: they are kept in memory, 2 bytes a number.
        settings: as `--set` has them; a table as a dict: `epochs=20, optimizer={"learning_rate": 0.001}`.
    Raises:
        TextError: an example that is none, or labels that cannot be learned. ConfigError: a setting that cannot work.
        CheckpointError: no such biLM. TrainingError: a loss that is not finite.
    """
    name = _name_of(model) if isinstance(model, Elmo) else None if model is None else str(model)
    try:
        kind_of_settings, own = of_its_kind({**settings, "task": task, "model": name})
    except ValueError as error:
        raise ConfigError(f"settings: {error}") from error
    config = validated(kind_of_settings, own, "settings")
    config = with_tokenizer(config, model if isinstance(model, Elmo) else None)
    kind = kind_of(config)
    if isinstance(examples, str | Path):
        config = kind.for_file(config, Path(examples))
    whole, train_name = _read(config, examples, "example")
    of_dev, dev_name = _read(config, dev, "dev example")
    labels = checked_labels(config, whole, of_dev, train_name, dev_name)
    prepared = prepare(config, labels, model if isinstance(model, Elmo) else None)
    biLM = prepared.elmo
    layers_of: LayersOfExamples | None = None
    if biLM is not None:
        layers_of = lambda some: (  # noqa: E731
            computed_layers(biLM, some, watch.embedded)
            if cache is None
            else cached_layers(biLM, some, Path(cache), watch.embedded)
        )
    with torch.random.fork_rng(devices=[]):  # a caller's own random numbers stay what they were
        trained = train_prepared(prepared, layers_of, watch=watch)
    if trained.result.warning is not None:
        warnings.warn(trained.result.warning, stacklevel=2)
    return trained.task


def _read(config: TaskConfig, given: Examples, what: str) -> tuple[list[Example], str]:
    """Examples with their labels, and the name of their source."""
    kind = kind_of(config)
    if isinstance(given, str | Path):
        return kind.read(config, Path(given)), str(given)
    found = [kind.labelled(config, one, number, f"{what} {number}") for number, one in enumerate(given, 1)]
    if not found:
        raise TextError(f"no {what}; give a list of them, or a file")
    return found, f"{what}s"


def _name_of(elmo: Elmo) -> str:
    """The name of a bundled model, else of the folder within the task's."""
    for name in bundled_models():
        if fingerprint(load_model(name)) == fingerprint(elmo.model):
            return name
    return ELMO_FOLDER
