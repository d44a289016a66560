"""Labelled examples -> a trained task in a folder, that can be killed and goes on."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pydantic import BaseModel, ValidationError

import elmo
from elmo.apps.tasks.task_report import REPORT_FILE, write_task_report
from elmo.checkpoints.load import is_bundled
from elmo.embed.embedder import Elmo
from elmo.errors import OutputError, TrainingError
from elmo.storage.atomic import atomic_write, refuse_existing, remove_leftovers, remove_whole
from elmo.storage.checksums import checksum_of
from elmo.storage.file_lock import file_lock
from elmo.storage.json_files import read_json
from elmo.tasks.batches import LayersOf, Words
from elmo.tasks.config import TaskConfig
from elmo.tasks.data.static_words import StaticWords, read_task_vectors, words_in
from elmo.tasks.examples import Example
from elmo.tasks.fit import Epoch, Training, data_of, score
from elmo.tasks.kinds.kind import KnownLabels
from elmo.tasks.kinds.registry import AnyTaskConfig, kind_of, learnable, read_gold
from elmo.tasks.kinds.task_model import P
from elmo.tasks.layer_cache import cache_folder, cached_layers
from elmo.tasks.predictions import Labelled
from elmo.tasks.saved_task import (
    CONFIG_FILE,
    ELMO_FOLDER,
    TaskFile,
    TrainedTask,
    VectorsReference,
    fresh_model,
    reference_to,
    save_task,
)
from elmo.tasks.scoring.abstention import default_threshold
from elmo.tasks.tuned_bilm import TunedBiLM, to_be_tuned
from elmo.text.words.word_vectors import WordVectors

RUN_FILE, CHECKPOINT = "run.json", "checkpoint"
_OF_A_RUN = [RUN_FILE, CONFIG_FILE]


class TaskRun(BaseModel, frozen=True, extra="forbid"):
    """What a run was asked for: the `run.json` of its folder."""

    config: AnyTaskConfig
    train: Path
    dev: Path
    checksums: dict[str, str] = {}  # of the files; empty before the run has begun


class TrainingCallback:
    """What is told while a task is trained; this one tells nothing."""

    def embedded(self, done: int, n: int) -> None:
        """Examples whose layers are there, and all."""

    def part(self, name: str) -> None:
        """Which of several trainings begins."""

    def epoch(self, epoch: Epoch, name: str) -> None:
        """How an epoch went; `name` of its score."""


def train_task(
    run: TaskRun | None,
    folder: Path,
    *,
    resume: bool = False,
    force: bool = False,
    cache: Path | None = None,
    watch: TrainingCallback = TrainingCallback(),
    layers_of_all: bool = False,
) -> dict[str, Any]:
    """Train a task and write it.

    Args:
        run: what to train; None: what `run.json` of the folder says, with `resume`.
        resume: go on with a run that was stopped.
        force: replace a folder of another task.
        cache: folder for the layers of the biLM; None: see `cache_folder`.
        layers_of_all: compute those of the whole training file where a fraction is learned from, so that others find them.
    Returns:
        output, epochs, seconds, and the scores of the dev file with the best weights.
    Raises:
        TextError: a file is missing or broken, or has no example. ConfigError: a setting that does not fit the files.
        CheckpointError: no such biLM, or a damaged checkpoint. OutputError: the folder exists. TrainingError: nothing to resume,
        or a loss that is not finite.
    """
    begun = time.monotonic()
    if resume:
        run = _run_of(folder)
    else:
        refuse_existing(folder, force, known_by=_OF_A_RUN)
    assert run is not None
    parts = _prepare(run)
    if not resume:
        _lay_out(run, folder)
    with file_lock(folder) as free:
        if not free:
            raise OutputError(f"{folder}: another process trains there; wait for its end")
        remove_leftovers(folder, alone=True)
        words = Words.of(parts.train, run.config.inputs, parts.static_words)
        torch.manual_seed(run.config.seed)
        model = fresh_model(parts.file, words.sizes)
        if parts.vectors is not None and model.encoder.static is not None:
            model.encoder.static.fill(torch.from_numpy(parts.vectors.table))
        tuned = TunedBiLM(parts.elmo, run.config.elmo) if parts.elmo is not None and run.config.elmo.fine_tune else None
        training = Training(model, words, run.config, folder / CHECKPOINT, tuned)
        training.resume()
        layers_of = parts.layers_of(cache or cache_folder(), watch) if training.reads_frozen_layers else None
        dev = data_of(parts.dev, layers_of)
        train = data_of(parts.whole, layers_of).only(parts.train) if layers_of_all else data_of(parts.train, layers_of)
        training.run(train, dev, lambda epoch: watch.epoch(epoch, model.main_score))
        predicted = training.finish(parts.train, dev)
        scores = score(model, dev.examples, predicted)
        facts = _facts(training, scores, run, begun, len(parts.train))
        if run.config.may_abstain:
            labelled = [p for p in predicted if isinstance(p, Labelled)]
            facts["min_score"] = round(default_threshold(dev.examples, labelled, set(parts.file.labels)), 6)
        file = parts.file.model_copy(update={"training": facts})
        if tuned is not None:
            file = file.model_copy(update={"elmo": reference_to(tuned.elmo, ELMO_FOLDER)})
        task = TrainedTask(file, model, words, parts.elmo)
        write_task_report(task, dev.examples, predicted, run.dev.name, folder / REPORT_FILE)
        save_task(task, folder, _card(file, run, parts.train))
        remove_whole(folder / CHECKPOINT)
    return {"output": str(folder), **{k: v for k, v in facts.items() if not isinstance(v, list)}}


class _Parts(NamedTuple):
    """What a run is made of, read and checked."""

    file: TaskFile
    whole: list[Example]  # of the training file
    train: list[Example]  # the fraction that is learned from
    dev: list[Example]
    elmo: Elmo | None
    vectors: WordVectors | None

    @property
    def static_words(self) -> StaticWords | None:
        """The words with static vectors."""
        return None if self.vectors is None else StaticWords(self.vectors.words, self.vectors.table.shape[1])

    def layers_of(self, cache: Path, watch: TrainingCallback) -> Callable[[Sequence[Example]], LayersOf] | None:
        """Examples -> their layers, from the cache or computed; None: a baseline."""
        biLM = self.elmo
        return None if biLM is None else lambda examples: cached_layers(biLM, examples, cache, watch.embedded)


def _prepare(run: TaskRun) -> _Parts:
    kind = kind_of(run.config)
    config: TaskConfig = kind.for_file(run.config, run.train)
    whole: list[Example] = kind.read(config, run.train)
    train = learnable(config, whole, str(run.train))
    labels: KnownLabels = kind.labels(config, train, str(run.train))
    dev = read_gold(config, labels, run.dev)
    biLM = None if config.model is None else Elmo.from_pretrained(config.model)
    if biLM is not None and config.elmo.fine_tune:
        biLM = to_be_tuned(biLM)
    reference = None
    if biLM is not None:
        reference = reference_to(biLM, str(config.model) if is_bundled(str(config.model)) else ELMO_FOLDER)
    file = TaskFile(config=config, labels=labels.names, scheme=labels.scheme, elmo=reference)
    if config.inputs.vectors is None:
        return _Parts(file, whole, train, dev, biLM, None)
    path = Path(config.inputs.vectors)
    vectors = read_task_vectors(path, config.inputs.vectors_kept, words_in(train))
    known = VectorsReference(source=path.name, checksum=checksum_of(path), width=vectors.table.shape[1])
    inputs = config.inputs.model_copy(update={"vectors": path.name})  # a task tells nobody where its files lay
    named = config.model_copy(update={"inputs": inputs})
    return _Parts(file.model_copy(update={"config": named, "vectors": known}), whole, train, dev, biLM, vectors)


def _run_of(folder: Path) -> TaskRun:
    """What a stopped run was asked for, its files unchanged."""
    try:
        run = TaskRun.model_validate(read_json(folder / RUN_FILE))
    except (OSError, ValueError, ValidationError) as error:
        raise TrainingError(
            f"{folder}: no run to go on with (no readable {RUN_FILE}); start one without --resume"
        ) from error
    if (folder / CONFIG_FILE).exists():
        raise TrainingError(f"{folder}: this task is trained to its end; elmo evaluate says how good it is")
    unchanged_run(run)
    return run


def unchanged_run(run: TaskRun) -> None:
    """Refuse to go on with files that are others than when a run began.

    Raises:
        TrainingError: with the file.
    """
    for path in _files_of(run):
        if path.is_file() and run.checksums.get(str(path)) != checksum_of(path):
            raise TrainingError(f"{path}: has changed since the run began; start the run anew with --force")


def _files_of(run: TaskRun) -> list[Path]:
    """The files that a run reads, beside its biLM."""
    vectors = run.config.inputs.vectors
    return [run.train, run.dev, *([] if vectors is None else [Path(vectors)])]


def settled_run(run: TaskRun) -> TaskRun:
    """A run in which every path is whole, so that a resume finds them from anywhere, with the checksums of its files."""
    train, dev = run.train.absolute(), run.dev.absolute()
    config, model = run.config, run.config.model
    if config.inputs.vectors is not None:
        vectors = str(Path(config.inputs.vectors).absolute())
        config = config.model_copy(update={"inputs": config.inputs.model_copy(update={"vectors": vectors})})
    if model is not None and not is_bundled(model) and Path(model).exists():
        config = config.model_copy(update={"model": str(Path(model).absolute())})
    whole = TaskRun(config=config, train=train, dev=dev)
    return whole.model_copy(update={"checksums": {str(path): checksum_of(path) for path in _files_of(whole)}})


def _lay_out(run: TaskRun, folder: Path) -> None:
    """A folder with the run's file."""
    whole = settled_run(run)
    with atomic_write(folder) as part:
        part.mkdir()
        (part / RUN_FILE).write_text(whole.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _facts(
    training: Training[P], scores: dict[str, float], run: TaskRun, begun: float, n_examples: int
) -> dict[str, Any]:
    best = training.progress.best
    return {
        "epochs": len(training.progress.epochs),
        "best_epoch": 0 if best is None else best.epoch,
        "seconds": round(time.monotonic() - begun, 1),
        **{f"dev_{name}": round(value, 3) for name, value in scores.items()},
        "main_score": training.model.main_score,
        "examples": n_examples,
        "parameters": sum(p.numel() for p in training.update.dense),
        "curve": [epoch.model_dump() for epoch in training.progress.epochs],
        "train": run.train.name,
        "dev": run.dev.name,
        "elmo_version": elmo.__version__,
    }


def _card(file: TaskFile, run: TaskRun, train: Sequence[Example]) -> str:
    facts = file.training
    scores = ", ".join(f"{k.removeprefix('dev_')} {v:.2f}" for k, v in facts.items() if k.startswith("dev_"))
    n_tokens = sum(len(example.tokens) for example in train)
    stands_on = (
        "no biLM (a baseline)" if file.elmo is None else f"the biLM `{file.config.model}` ({file.elmo.fingerprint})"
    ) + (", fine-tuned with it" if file.config.elmo.fine_tune else "")
    return (
        f"# A task for elmo: {file.config.task}\n\n"
        f"Labels: {', '.join(file.labels[:40])}{', ...' if len(file.labels) > 40 else ''}\n\n"
        f"- Trained on {len(train):,} examples ({n_tokens:,} tokens) of `{run.train.name}`, seed {file.config.seed}, "
        f"best of {facts['epochs']} epochs by `{run.dev.name}`: {scores}.\n"
        f"- Stands on {stands_on}.\n"
        "- What it says of texts unlike those it was trained on is a guess; measure it on your own before you rely on it.\n\n"
        "```python\nfrom elmo import load_task\n\n"
        'task = load_task("this folder")\nprint(task(["a text"]))\n```\n'
    )
