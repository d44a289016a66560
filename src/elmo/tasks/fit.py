"""The training of a task: epochs of shuffled batches, an evaluation on the dev file after each, the best weights kept.

The random numbers of an epoch depend only on the seed and the epoch's number, so a stopped run continues from its last complete
epoch and gets the same weights, bit for bit with the same number of threads.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, NamedTuple

import numpy as np
import torch
from pydantic import BaseModel, NonNegativeInt, ValidationError
from torch import Tensor

from elmo.checkpoints.load import is_bundled
from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.errors import CheckpointError, DivergedError, reason_of
from elmo.storage.atomic import atomic_write
from elmo.storage.job_folder import seal_of
from elmo.storage.json_files import read_json
from elmo.tasks.batches import Batch, LayersOf, Words, make_batch, ordered_batches, shuffled_batches
from elmo.tasks.config import TaskConfig
from elmo.tasks.examples import Example
from elmo.tasks.kinds.task_model import P, TaskModel
from elmo.tasks.tuned_bilm import TunedBiLM
from elmo.train.optimizers import WeightUpdate
from elmo.train.step import learning_rate_at, take_step

_TENSORS, _PROGRESS = "weights.safetensors", "place.json"
_BILM = "bilm."  # before the names of its weights


def score(model: TaskModel[P], examples: Sequence[Example], predicted: Sequence[P]) -> dict[str, float]:
    """Scores in percent of predictions for examples."""
    sums = model.counts(examples, predicted).sum(axis=0)
    return {name: float(value) for name, value in model.scores(sums).items()}


class Data(NamedTuple):
    """Examples with the layers of the biLM."""

    examples: Sequence[Example]
    layers: LayersOf | None  # None: a baseline
    other: "Data | None" = None  # the second texts

    def batch(self, numbers: Sequence[int], words: Words, config: TaskConfig) -> Batch:
        """A batch of some of them."""
        layers = None if self.layers is None else [self.layers(i) for i in numbers]
        batch = make_batch([self.examples[i] for i in numbers], layers, words, config.inputs)
        return batch if self.other is None else replace(batch, other=self.other.batch(numbers, words, config))

    def bare(self) -> "Data":
        """The examples without layers."""
        return Data(self.examples, None, None if self.other is None else self.other.bare())

    def only(self, examples: Sequence[Example]) -> "Data":
        """Some of these examples with their layers."""
        numbers = {id(example): number for number, example in enumerate(self.examples)}
        return self.at([numbers[id(example)] for example in examples])

    def at(self, numbers: Sequence[int]) -> "Data":
        """The examples with these numbers, with their layers."""
        layers = self.layers
        chosen = None if layers is None else lambda number: layers(numbers[number])
        other = None if self.other is None else self.other.at(numbers)
        return Data([self.examples[number] for number in numbers], chosen, other)

    @property
    def lengths(self) -> list[int]:
        """The number of tokens of each example, including its second text."""
        return [len(e.tokens) + (len(e.other.tokens) if e.other else 0) for e in self.examples]


def data_of(examples: Sequence[Example], layers_of: Callable[[Sequence[Example]], LayersOf] | None) -> Data:
    """Examples with the layers of both texts.

    Args:
        layers_of: texts -> their layers; None: a baseline.
    """
    others = [e.other for e in examples if e.other is not None]
    layers = None if layers_of is None else layers_of(examples)
    return Data(examples, layers, data_of(others, layers_of) if others else None)


class Epoch(BaseModel, frozen=True, extra="forbid"):
    """The result of an epoch."""

    epoch: NonNegativeInt  # from 1
    loss: float  # mean of its batches
    score: float  # of the dev file, in percent
    seconds: float


class Progress(BaseModel, frozen=True, extra="forbid"):
    """The state needed to resume, besides the weights."""

    epochs: list[Epoch] = []
    settings: str | None = None  # checksum of the task's; None: of a version that did not keep it

    @property
    def best(self) -> Epoch | None:
        """The epoch with the highest dev score; the first of equal ones."""
        return max(self.epochs, key=lambda e: (e.score, -e.epoch), default=None)


def read_progress(checkpoint: Path) -> Progress:
    """The progress of a training by its checkpoint; none if there is no checkpoint.

    Raises:
        CheckpointError: it is damaged.
    """
    try:
        return Progress.model_validate(read_json(checkpoint / _PROGRESS))
    except (FileNotFoundError, NotADirectoryError):
        return Progress()
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{checkpoint}: not a checkpoint ({reason_of(error)}); start a new run") from error


def with_absolute_paths(config: TaskConfig) -> TaskConfig:
    """The settings with absolute paths, so that the run can be resumed from any folder; names of models stay."""
    model, vectors = config.model, config.inputs.vectors
    if vectors is not None:
        inputs = config.inputs.model_copy(update={"vectors": str(Path(vectors).absolute())})
        config = config.model_copy(update={"inputs": inputs})
    if model is not None and not is_bundled(model) and Path(model).exists():
        config = config.model_copy(update={"model": str(Path(model).absolute())})
    return config


@dataclass
class Training(Generic[P]):
    """A training run of a task."""

    model: TaskModel[P]
    words: Words
    config: TaskConfig
    folder: Path | None = None  # of the checkpoint; None: none is kept
    tuned: TunedBiLM | None = None  # the biLM, if it is fine-tuned
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        own = [p for p in self.model.parameters() if p.requires_grad]
        of_bilm, rates = ([], []) if self.tuned is None else (self.tuned.parameters, self.tuned.rates)
        self.update = WeightUpdate([*own, *of_bilm], [], self.config.optimizer, [1.0] * len(own) + rates)
        self.best = self._copied()
        self.steps_per_epoch = 0  # known when it runs

    @property
    def n_steps(self) -> int:
        """Updates made so far."""
        return len(self.progress.epochs) * self.steps_per_epoch

    @property
    def _settings(self) -> str:
        return seal_of(with_absolute_paths(self.config).model_dump(mode="json"))

    def _weights(self) -> dict[str, Tensor]:
        """All trained weights, by name."""
        weights: dict[str, Tensor] = self.model.state_dict()
        of_bilm = {} if self.tuned is None else self.tuned.bilm.state_dict()
        return weights | {f"{_BILM}{name}": t for name, t in of_bilm.items()}

    def _copied(self) -> dict[str, Tensor]:
        return {name: t.clone() for name, t in self._weights().items()}

    def _set_weights(self, weights: dict[str, Tensor]) -> None:
        self.model.load_state_dict({name: t for name, t in weights.items() if not name.startswith(_BILM)})
        if self.tuned is not None:
            of_bilm = {name.removeprefix(_BILM): t for name, t in weights.items() if name.startswith(_BILM)}
            self.tuned.bilm.load_state_dict(of_bilm)

    @property
    def reads_frozen_layers(self) -> bool:
        """Whether the next epoch reads layers that do not change."""
        return self.tuned is None or self.tuned.is_frozen(len(self.progress.epochs) + 1)

    def resume(self) -> None:
        """Resume from the checkpoint, if there is one.

        Raises:
            CheckpointError: it is damaged, or of another model.
        """
        if self.folder is None or not (self.folder / _PROGRESS).exists():
            return
        try:
            self.progress = Progress.model_validate(read_json(self.folder / _PROGRESS))
            if self.progress.settings not in (None, self._settings):
                raise ValueError("it was written by a run with other settings")
            parts: dict[str, dict[str, Tensor]] = {"now": {}, "best": {}, "moments": {}}
            for name, tensor in read_tensors(self.folder / _TENSORS).items():
                part, _, own = name.partition(".")
                parts[part][own] = tensor
            self._set_weights(parts["now"])
            n_still = 0 if self.tuned is None else self.tuned.n_still(len(self.progress.epochs))
            self.update.set_moments(parts["moments"], True, n_still)
            self.best = parts["best"]
        except (OSError, ValueError, KeyError, RuntimeError, ValidationError) as error:
            raise CheckpointError(
                f"{self.folder}: not a checkpoint of this run ({reason_of(error)}); start a new run"
            ) from error

    def save(self) -> None:
        """Write the checkpoint, atomically."""
        if self.folder is None:
            return
        tensors = {f"now.{name}": t for name, t in self._weights().items()}
        tensors |= {f"best.{name}": t for name, t in self.best.items()}
        tensors |= {f"moments.{name}": t for name, t in self.update.moments().items()}
        with atomic_write(self.folder) as part:
            part.mkdir()
            write_tensors(tensors, part / _TENSORS)
            progress = self.progress.model_copy(update={"settings": self._settings})
            (part / _PROGRESS).write_text(progress.model_dump_json() + "\n", encoding="ascii")

    @torch.no_grad()
    def finish(self, train: Sequence[Example], dev: Data) -> list[P]:
        """Fit what needs the best weights: calibration, n-grams.

        Returns:
            the predictions for the dev examples.
        """
        if self.tuned is not None:
            dev = dev.bare()
        self.model.eval()
        alone = (dev.batch([i], self.words, self.config) for i in range(len(dev.examples)))
        batches = (batch if self.tuned is None else self.tuned.look_at(batch) for batch in alone)
        self.model.finish(train, dev.examples, batches)
        return predict_all(self.model, dev, self.words, self.config, self.tuned)

    def run(self, train: Data, dev: Data, report: Callable[[Epoch], None] = lambda epoch: None) -> None:
        """Train to the end; the model then has the best weights.

        Args:
            train, dev: with layers, if `reads_frozen_layers`.
        Raises:
            DivergedError: the loss is not finite.
        """
        self.steps_per_epoch = len(self._batches(1, train))
        while not self._is_over():
            epoch = self._epoch(len(self.progress.epochs) + 1, train, dev)
            self.progress = Progress(epochs=[*self.progress.epochs, epoch])
            if self.progress.best == epoch:
                self.best = self._copied()
            self.save()
            report(epoch)
        self._set_weights(self.best)

    def _is_over(self) -> bool:
        """The last epoch is done, or as many as `patience` since the best one and since the end of the warm-up."""
        done, best = len(self.progress.epochs), self.progress.best
        if done >= self.config.epochs or best is None:
            return done >= self.config.epochs
        return done - max(best.epoch, self._warm_epochs) >= self.config.patience

    @property
    def _warm_epochs(self) -> int:
        """Epochs until the learning rate has reached its full value; 1: within the first."""
        return math.ceil(self.config.optimizer.warmup_steps / max(1, self.steps_per_epoch))

    def _batches(self, number: int, train: Data) -> list[list[int]]:
        """The batches of an epoch, by the seed and its number alone."""
        rng = np.random.default_rng((self.config.seed, number))
        passes = (shuffled_batches(train.lengths, self.config.batch_size, rng) for _ in range(self.config.passes))
        return [batch for once in passes for batch in once]

    def _epoch(self, number: int, train: Data, dev: Data) -> Epoch:
        begun = time.monotonic()
        torch.manual_seed(self.config.seed * 100_003 + number)  # dropout
        batches = self._batches(number, train)
        n_steps = self.config.epochs * len(batches)
        tuned = None if self.reads_frozen_layers else self.tuned
        if tuned is not None:
            tuned.begin(number)
            train, dev = train.bare(), dev.bare()
        self.model.train()
        total = 0.0
        for i, numbers in enumerate(batches):
            batch = train.batch(numbers, self.words, self.config)
            if tuned is not None:
                batch = tuned.train_on(batch, (self.config.seed, number, i))
            loss = self.model.loss(batch)
            total += float(loss.detach())
            if not math.isfinite(total):
                raise DivergedError(
                    f"epoch {number}, batch {i + 1}: the loss is not finite; lower optimizer.learning_rate"
                )
            loss.backward()  # type: ignore[no-untyped-call]
            rate = learning_rate_at((number - 1) * len(batches) + i, n_steps, self.config.optimizer)
            take_step(self.update, rate, self.config.optimizer.clip_norm)
        scores = score(self.model, dev.examples, predict_all(self.model, dev, self.words, self.config, tuned))
        seconds = time.monotonic() - begun
        return Epoch(epoch=number, loss=total / len(batches), score=scores[self.model.main_score], seconds=seconds)


@torch.no_grad()
def predict_all(
    model: TaskModel[P], data: Data, words: Words, config: TaskConfig, tuned: TunedBiLM | None = None
) -> list[P]:
    """A prediction for each example, in their order.

    Args:
        tuned: what gives the layers; None: the data have them.
    """
    model.eval()
    found: dict[int, P] = {}
    for numbers in ordered_batches(data.lengths, config.batch_size):
        batch = data.batch(numbers, words, config)
        predicted = model.predict(batch if tuned is None else tuned.look_at(batch))
        for number, prediction in zip(numbers, predicted, strict=True):
            found[number] = prediction
    return [found[number] for number in range(len(data.examples))]
