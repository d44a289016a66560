"""Labelled examples and settings -> a trained task: what `elmo train` and `elmo.tasks.train` both run."""

import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

import elmo
from elmo.checkpoints.load import is_bundled, tokenizer_of
from elmo.embed.embedder import Elmo
from elmo.storage.checksums import checksum_of
from elmo.tasks.batches import LayersOf, Words
from elmo.tasks.config import TaskConfig
from elmo.tasks.data.static_words import StaticWords, read_task_vectors, words_in
from elmo.tasks.examples import Example
from elmo.tasks.fit import Data, Epoch, Training, data_of, predict_all, score
from elmo.tasks.kinds.kind import KnownLabels
from elmo.tasks.kinds.label_model import LabelModel
from elmo.tasks.kinds.registry import comparable, kind_of, learnable, unknown_labels
from elmo.tasks.learned_nothing import no_better_than_a_constant, training_warning
from elmo.tasks.predictions import Labelled, Prediction
from elmo.tasks.results import TrainingResult
from elmo.tasks.saved_task import ELMO_FOLDER, TrainedTask, fresh_model, reference_to
from elmo.tasks.scope.evidence import evidence_of
from elmo.tasks.scope.fit_scope import Division, Found, divide, fit_scope, joined
from elmo.tasks.scope.scope import Scope
from elmo.tasks.scope.scope_file import scope_reference
from elmo.tasks.scoring.abstention import default_threshold
from elmo.tasks.task_file import TaskFile, VectorsReference
from elmo.tasks.tuned_bilm import TunedBiLM, to_be_tuned
from elmo.text.words.word_vectors import WordVectors

LayersOfExamples = Callable[[Sequence[Example]], LayersOf]


class TrainingCallback:
    """Called while a task is trained; this one does nothing."""

    def embedded(self, done: int, n: int) -> None:
        """Examples whose layers are there, and all."""

    def data(self, lines: Sequence[str]) -> None:
        """What is read: columns, labels, the first examples, what looks odd."""

    def part(self, name: str) -> None:
        """The training of several that begins."""

    def epoch(self, epoch: Epoch, name: str) -> None:
        """The result of an epoch; `name`: of its score."""


class Labels(NamedTuple):
    """The checked training and dev examples of a task, with its labels."""

    whole: list[Example]  # all training examples
    train: list[Example]  # the fraction that is learned from
    dev: list[Example]
    known: KnownLabels
    division: Division | None  # of the dev examples; None: the task has no scope
    train_name: str  # of the files, or what the examples are called
    dev_name: str


class Prepared(NamedTuple):
    """The prepared parts of a training."""

    config: TaskConfig
    file: TaskFile
    labels: Labels
    elmo: Elmo | None
    vectors: WordVectors | None

    @property
    def static_words(self) -> StaticWords | None:
        """The words with static vectors."""
        return None if self.vectors is None else StaticWords(self.vectors.words, self.vectors.table.shape[1])


class Trained(NamedTuple):
    """A trained task, and its predictions for the dev examples."""

    task: TrainedTask
    result: TrainingResult
    predicted: list[Prediction]


def with_tokenizer(config: TaskConfig, biLM: Elmo | None = None) -> TaskConfig:
    """The settings with the version of the tokenizer that cuts raw texts: the one that they name, else that of the biLM.

    Args:
        biLM: None: the one that the settings name, or none.
    Raises:
        CheckpointError: no such biLM.
    """
    if config.tokenizer is not None or (biLM is None and config.model is None):
        return config
    tokenizer = tokenizer_of(str(config.model)) if biLM is None else biLM.model.tokenizer
    return config.model_copy(update={"tokenizer": tokenizer.version})


def checked_labels(
    config: TaskConfig, whole: list[Example], dev: list[Example], train_source: str, dev_source: str
) -> Labels:
    """Examples that a task can learn from and be measured by.

    Args:
        train_source, dev_source: paths of files, or what the examples are called; for messages.
    Raises:
        TextError: none, too few labels, or a wrong one. ConfigError: they do not fit the settings.
    """
    kind = kind_of(config)
    train = learnable(config, whole, train_source)
    known = kind.labels(config, train, train_source)
    dev = comparable(config, known, dev, dev_source)
    odd = unknown_labels(config, known, dev, dev_source)
    if odd is not None:
        warnings.warn(odd, stacklevel=2)
    division = None
    if config.own_scope is not None:
        n_outside = len(_outside(whole, known))
        division = divide(config.own_scope, dev, known.names, n_outside, config.seed, dev_source)
    return Labels(whole, train, dev, known, division, Path(train_source).name, Path(dev_source).name)


def prepare(config: TaskConfig, labels: Labels, biLM: Elmo | None = None) -> Prepared:
    """Load what a training needs besides its examples.

    Args:
        biLM: None: the one that the settings name, or none.
    Raises:
        CheckpointError: no such biLM. TextError: no such file of static vectors, or a broken one.
    """
    if biLM is None and config.model is not None:
        biLM = Elmo.from_pretrained(config.model)
    if biLM is not None and config.elmo.fine_tune:
        biLM = to_be_tuned(biLM)
    reference = None
    if biLM is not None:
        reference = reference_to(biLM, str(config.model) if is_bundled(str(config.model)) else ELMO_FOLDER)
    file = TaskFile(config=config, labels=labels.known.names, scheme=labels.known.scheme, elmo=reference)
    if config.inputs.vectors is None:
        return Prepared(config, file, labels, biLM, None)
    path = Path(config.inputs.vectors)
    vectors = read_task_vectors(path, config.inputs.vectors_kept, words_in(labels.train))
    known = VectorsReference(source=path.name, checksum=checksum_of(path), width=vectors.table.shape[1])
    inputs = config.inputs.model_copy(
        update={"vectors": path.name}
    )  # the saved task does not hold the path of its files
    named = config.model_copy(update={"inputs": inputs})
    return Prepared(config, file.model_copy(update={"config": named, "vectors": known}), labels, biLM, vectors)


def train_prepared(
    prepared: Prepared,
    layers_of: LayersOfExamples | None,
    *,
    checkpoint: Path | None = None,
    watch: TrainingCallback = TrainingCallback(),
    layers_of_all: bool = False,
) -> Trained:
    """Train, from a checkpoint if there is one; the same weights bit for bit at the same number of threads.

    Args:
        layers_of: examples -> the layers of the frozen biLM; None: a baseline.
        checkpoint: folder; None: none is kept.
        layers_of_all: compute those of all training examples where a fraction is learned from, so that others find them.
    Raises:
        CheckpointError: a damaged checkpoint. TrainingError: a loss that is not finite.
    """
    begun = time.monotonic()
    config, labels = prepared.config, prepared.labels
    words = Words.of(labels.train, config.inputs, prepared.static_words)
    torch.manual_seed(config.seed)
    model = fresh_model(prepared.file, words.sizes)
    if prepared.vectors is not None and model.encoder.static is not None:
        model.encoder.static.fill(torch.from_numpy(prepared.vectors.table))
    tuned = TunedBiLM(prepared.elmo, config.elmo) if prepared.elmo is not None and config.elmo.fine_tune else None
    training = Training(model, words, config, checkpoint, tuned)
    training.resume()
    if not training.reads_frozen_layers:
        layers_of = None
    dev = data_of(labels.dev, layers_of)
    train: Data = (
        data_of(labels.whole, layers_of).only(labels.train) if layers_of_all else data_of(labels.train, layers_of)
    )
    division = labels.division
    chosen = dev if division is None else dev.at(division.chosen)  # the others calibrate the scope, and nothing else
    training.run(train, chosen, lambda epoch: watch.epoch(epoch, model.main_score))
    predicted, scope = training.finish(labels.train, chosen), None
    if division is not None:
        predicted = predict_all(model, dev if tuned is None else dev.bare(), words, config, tuned)
        outside = _outside(labels.whole, labels.known)
        scope = _fit_scope(prepared, training, train, dev, data_of(outside, layers_of) if outside else None)
    scores = score(model, labels.dev, predicted)
    threshold = None
    if config.may_abstain:
        labelled = [p for p in predicted if isinstance(p, Labelled)]
        threshold = round(default_threshold(labels.dev, labelled, set(prepared.file.labels)), 6)
    best, curve = training.progress.best, [epoch.score for epoch in training.progress.epochs]
    reason, warmup_steps = no_better_than_a_constant(model, labels.dev, predicted, curve), config.optimizer.warmup_steps
    result = TrainingResult(
        n_epochs=len(curve),
        best_epoch=0 if best is None else best.epoch,
        seconds=round(time.monotonic() - begun, 1),
        dev_scores={name: round(value, 3) for name, value in scores.items()},
        main_score=model.main_score,
        n_examples=len(labels.train),
        n_parameters=sum(p.numel() for p in training.update.dense),
        train=labels.train_name,
        dev=labels.dev_name,
        elmo_version=elmo.__version__,
        min_score=threshold,
        scope_threshold=None if scope is None else scope.rule.threshold,
        warning=None if reason is None else training_warning(reason, len(curve), training.n_steps, warmup_steps),
    )
    facts = {**result.facts(), "curve": [epoch.model_dump() for epoch in training.progress.epochs]}
    facts["tokens"] = sum(len(example.tokens) for example in labels.train)
    file = prepared.file.model_copy(update={"training": facts})
    if tuned is not None:
        file = file.model_copy(update={"elmo": reference_to(tuned.elmo, ELMO_FOLDER)})
    if scope is not None:
        file = file.model_copy(update={"scope": scope_reference(scope)})
    return Trained(TrainedTask(file, model, words, prepared.elmo, scope), result, predicted)


def _outside(examples: Sequence[Example], known: KnownLabels) -> list[Example]:
    """The examples with a label that is not learned."""
    return [example for example in examples if not set(example.labels) <= set(known.names)]


def _fit_scope(
    prepared: Prepared, training: Training[Prediction], train: Data, dev: Data, outside: Data | None
) -> Scope | None:
    """The scope of a task whose weights are trained.

    Args:
        outside: training examples out of scope; None: there are none.
    """
    config, labels, model = prepared.config, prepared.labels, training.model
    division = labels.division
    if config.own_scope is None or division is None or not isinstance(model, LabelModel):
        return None

    def found(data: Data) -> Found:
        data = data if training.tuned is None else data.bare()
        return Found(data.examples, evidence_of(model, data, training.words, config, training.tuned))

    parts = [dev.at(division.outside)] if division.outside else []
    others = [found(data) for data in (*parts, outside) if data is not None]
    return fit_scope(
        config.own_scope,
        prepared.file.labels,
        found(train),
        found(dev.at(division.chosen)),
        found(dev.at(division.calibration)),
        joined(others) if others else None,
        None if prepared.elmo is None else prepared.elmo.model,
        config.seed,
    )
