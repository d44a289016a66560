"""Labelled examples -> a trained task in a folder; a killed training can be resumed."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from elmo.apps.tasks.labelled_files import read_labelled_files
from elmo.apps.tasks.task_report import REPORT_FILE, write_task_report
from elmo.checkpoints.formats.known import file_patterns
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError, TextError, TrainingError
from elmo.storage.atomic import remove_whole
from elmo.storage.checksums import checksum_of
from elmo.storage.job_folder import NEXT, JobFolder, refuse_changed_files
from elmo.storage.json_files import is_unicode
from elmo.tasks.fit import with_absolute_paths
from elmo.tasks.kinds.registry import AnyTaskConfig
from elmo.tasks.layer_cache import cache_folder, cached_layers, require_cache
from elmo.tasks.results import Result, TrainingResult
from elmo.tasks.saved_task import CONFIG_FILE, ELMO_FOLDER, VECTORS_FILE, WEIGHTS_FILE, WORDS_FILE, save_task
from elmo.tasks.scope.scope_file import SCOPE_FILE, SCOPE_TENSORS
from elmo.tasks.training import (
    LayersOfExamples,
    Prepared,
    TrainingCallback,
    prepare,
    train_prepared,
    with_tokenizer,
)

RUN_FILE, CHECKPOINT = "run.json", "checkpoint"
_FILES = (
    *(
        RUN_FILE,
        CONFIG_FILE,
        WEIGHTS_FILE,
        WORDS_FILE,
        VECTORS_FILE,
        REPORT_FILE,
        SCOPE_FILE,
        SCOPE_TENSORS,
        "README.md",
        f"{CHECKPOINT}/*",
    ),
    *(f"{ELMO_FOLDER}/{pattern}" for pattern in file_patterns()),
)
TASK_FILES = (*_FILES, *(f"{NEXT}/{pattern}" for pattern in _FILES))  # all that the folder of a task may hold


class TaskRun(BaseModel, frozen=True, extra="forbid"):
    """The settings of a run: the `run.json` of its folder."""

    config: AnyTaskConfig
    train: Path
    dev: Path
    checksums: dict[str, str] = {}  # of the files; empty before the run has started


class TaskTraining(Result, frozen=True):
    """A task that was trained into a folder."""

    output: Path
    training: TrainingResult

    def facts(self) -> dict[str, Any]:
        """The folder, and how the training went."""
        return {"output": str(self.output), **self.training.facts()}


def train_task(
    run: TaskRun | None,
    folder: Path,
    *,
    resume: bool = False,
    force: bool = False,
    cache: Path | None = None,
    watch: TrainingCallback = TrainingCallback(),
    layers_of_all: bool = False,
) -> TaskTraining:
    """Train a task and write it.

    Args:
        run: what to train; None: what `run.json` of the folder says, with `resume`.
        resume: continue a stopped run.
        force: replace a folder of another task; that one is kept until this training has ended.
        cache: folder for the layers of the biLM; None: see `cache_folder`.
        layers_of_all: compute those of the whole training file where a fraction is learned from, so that others find them.
    Returns:
        the folder, and how the training went.
    Raises:
        TextError: a file is missing or broken, or has no example. ConfigError: a setting that does not fit the files.
        CheckpointError: no such biLM, or a damaged checkpoint. OutputError: the folder exists. TrainingError: nothing to resume,
        or a loss that is not finite.
    """
    job = task_folder(folder)
    if resume:
        run = _run_of(job)
    assert run is not None
    if not resume:
        job.refuse_existing(force, inputs_of(run))
    _refuse_unsavable(run)
    prepared = _prepare(run, watch)
    _refuse_unsavable(run, prepared.file.labels)
    layers_of = None
    if prepared.elmo is not None:
        cache = cache or cache_folder()
        if prepared.file.config.elmo.reads_frozen_layers:
            require_cache(cache)
        layers_of = _cached(prepared.elmo, cache, watch)
    with job.hold() if resume else job.begin(settled_run(run), force) as own:
        trained = train_prepared(
            prepared, layers_of, checkpoint=own / CHECKPOINT, watch=watch, layers_of_all=layers_of_all
        )
        write_task_report(trained.task, prepared.labels.dev, trained.predicted, run.dev.name, own / REPORT_FILE)
        save_task(trained.task, own)
    remove_whole(folder / CHECKPOINT)
    return TaskTraining(output=folder, training=trained.result)


def _cached(biLM: Elmo, cache: Path, watch: TrainingCallback) -> LayersOfExamples:
    """Examples -> their layers, from the cache or computed."""
    return lambda examples: cached_layers(biLM, examples, cache, watch.embedded)


def _prepare(run: TaskRun, watch: TrainingCallback) -> Prepared:
    """The files read and checked, the biLM and the static vectors loaded."""
    found = read_labelled_files(with_tokenizer(run.config), run.train, run.dev)
    watch.data(found.overview.lines())
    for odd in found.overview.other_columns:
        warnings.warn(f"{run.train}: {odd}", stacklevel=2)
    return prepare(found.config, found.labels)


def task_folder(folder: Path) -> JobFolder[TaskRun]:
    """The folder of a task, trained or not."""
    return JobFolder(
        folder, RUN_FILE, TaskRun, known_by=[RUN_FILE, CONFIG_FILE], holds=TASK_FILES, whole_by=[CONFIG_FILE]
    )


def _run_of(job: JobFolder[TaskRun]) -> TaskRun:
    """What a stopped run was asked for, its files unchanged."""
    run = job.read_settings()
    if job.unfinished == job.folder and (job.folder / CONFIG_FILE).exists():
        raise TrainingError(f"{job.folder}: the training of this task is complete; evaluate it with elmo evaluate")
    refuse_changed_files(run.checksums)
    return run


def _refuse_unsavable(run: TaskRun, labels: Sequence[str] = ()) -> None:
    """Refuse names and labels that no file in UTF-8 can hold, before anything is trained.

    Raises:
        ConfigError: the name of a file. TextError: a label.
    """
    for path in _files_of(run):
        if not is_unicode(str(path)):
            raise ConfigError(f"{str(path)!r}: the name is not UTF-8, so the run cannot store it; rename the file")
    for label in labels:
        if not is_unicode(label):
            raise TextError(
                f"{run.train}: the label {label!r} holds half of a surrogate pair, which is not a character; write the file again"
            )


def inputs_of(run: TaskRun) -> list[str | Path]:
    """What a run reads, its biLM too."""
    return [*_files_of(run), *([] if run.config.model is None else [run.config.model])]


def _files_of(run: TaskRun) -> list[Path]:
    """The files that a run reads, except its biLM."""
    vectors = run.config.inputs.vectors
    return [run.train, run.dev, *([] if vectors is None else [Path(vectors)])]


def settled_run(run: TaskRun) -> TaskRun:
    """The run with absolute paths, so that it can be resumed from any folder, and the checksums of its files."""
    train, dev = run.train.absolute(), run.dev.absolute()
    whole = TaskRun(config=with_absolute_paths(run.config), train=train, dev=dev)
    files = [file for path in _files_of(whole) for file in _within(path)]
    return whole.model_copy(update={"checksums": {str(path): checksum_of(path) for path in files}})


def _within(path: Path) -> list[Path]:
    """A file, or the files of a folder that is read as one."""
    return sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
