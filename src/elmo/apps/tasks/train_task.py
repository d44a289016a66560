"""Labelled examples -> a trained task in a folder; a killed training can be resumed."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from elmo.apps.tasks.task_report import REPORT_FILE, write_task_report
from elmo.checkpoints.load import is_bundled
from elmo.embed.embedder import Elmo
from elmo.errors import OutputError, TrainingError
from elmo.storage.atomic import atomic_write, refuse_existing, remove_leftovers, remove_whole
from elmo.storage.checksums import checksum_of
from elmo.storage.file_lock import file_lock
from elmo.storage.json_files import read_json
from elmo.tasks.kinds.registry import AnyTaskConfig, kind_of
from elmo.tasks.layer_cache import cache_folder, cached_layers
from elmo.tasks.results import Result, TrainingResult
from elmo.tasks.saved_task import CONFIG_FILE, save_task
from elmo.tasks.training import (
    LayersOfExamples,
    Prepared,
    TrainingCallback,
    checked_labels,
    prepare,
    train_prepared,
)

RUN_FILE, CHECKPOINT = "run.json", "checkpoint"
_OF_A_RUN = [RUN_FILE, CONFIG_FILE]


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
        resume: go on with a run that was stopped.
        force: replace a folder of another task.
        cache: folder for the layers of the biLM; None: see `cache_folder`.
        layers_of_all: compute those of the whole training file where a fraction is learned from, so that others find them.
    Returns:
        the folder, and how the training went.
    Raises:
        TextError: a file is missing or broken, or has no example. ConfigError: a setting that does not fit the files.
        CheckpointError: no such biLM, or a damaged checkpoint. OutputError: the folder exists. TrainingError: nothing to resume,
        or a loss that is not finite.
    """
    if resume:
        run = _run_of(folder)
    else:
        refuse_existing(folder, force, known_by=_OF_A_RUN)
    assert run is not None
    prepared = _prepare(run)
    if not resume:
        _lay_out(run, folder)
    with file_lock(folder) as free:
        if not free:
            raise OutputError(f"{folder}: another process is training in this folder; wait until it ends")
        remove_leftovers(folder, alone=True)
        layers_of = None if prepared.elmo is None else _cached(prepared.elmo, cache or cache_folder(), watch)
        trained = train_prepared(
            prepared, layers_of, checkpoint=folder / CHECKPOINT, watch=watch, layers_of_all=layers_of_all
        )
        write_task_report(trained.task, prepared.labels.dev, trained.predicted, run.dev.name, folder / REPORT_FILE)
        save_task(trained.task, folder)
        remove_whole(folder / CHECKPOINT)
    return TaskTraining(output=folder, training=trained.result)


def _cached(biLM: Elmo, cache: Path, watch: TrainingCallback) -> LayersOfExamples:
    """Examples -> their layers, from the cache or computed."""
    return lambda examples: cached_layers(biLM, examples, cache, watch.embedded)


def _prepare(run: TaskRun) -> Prepared:
    """The files read and checked, the biLM and the static vectors loaded."""
    kind = kind_of(run.config)
    config = kind.for_file(run.config, run.train)
    whole, dev = (kind.read(config, path) for path in (run.train, run.dev))
    return prepare(config, checked_labels(config, whole, dev, str(run.train), str(run.dev)))


def _run_of(folder: Path) -> TaskRun:
    """The settings of a stopped run, with its files checked for changes."""
    try:
        run = TaskRun.model_validate(read_json(folder / RUN_FILE))
    except (OSError, ValueError, ValidationError) as error:
        raise TrainingError(
            f"{folder}: no run to continue (no readable {RUN_FILE}); start one without --resume"
        ) from error
    if (folder / CONFIG_FILE).exists():
        raise TrainingError(f"{folder}: the training of this task is complete; evaluate it with elmo evaluate")
    unchanged_run(run)
    return run


def unchanged_run(run: TaskRun) -> None:
    """Refuse to continue with files that have changed since the run started.

    Raises:
        TrainingError: with the file.
    """
    for path in _files_of(run):
        if path.is_file() and run.checksums.get(str(path)) != checksum_of(path):
            raise TrainingError(f"{path}: has changed since the run started; start again with --force")


def _files_of(run: TaskRun) -> list[Path]:
    """The files that a run reads, except its biLM."""
    vectors = run.config.inputs.vectors
    return [run.train, run.dev, *([] if vectors is None else [Path(vectors)])]


def settled_run(run: TaskRun) -> TaskRun:
    """The run with absolute paths, so that it can be resumed from any folder, and the checksums of its files."""
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
    """Create the folder with the settings of the run."""
    whole = settled_run(run)
    with atomic_write(folder) as part:
        part.mkdir()
        (part / RUN_FILE).write_text(whole.model_dump_json(indent=1) + "\n", encoding="utf-8")
