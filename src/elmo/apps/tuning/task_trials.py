"""Trials that train a task: the score is that of the dev file, reported after each epoch. A test file is never read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from elmo.apps.tasks.labelled_files import read_labelled_files
from elmo.apps.tasks.task_recipe import task_config_of
from elmo.apps.tasks.train_task import CHECKPOINT, TaskRun, settled_run, task_folder, train_task
from elmo.apps.tuning.best_recipe import recipe_with
from elmo.apps.tuning.trial import ScoreWatch
from elmo.storage.atomic import remove_whole
from elmo.storage.json_files import read_json
from elmo.tasks.config import TaskConfig
from elmo.tasks.fit import Epoch, read_progress
from elmo.tasks.layer_cache import cache_folder, require_cache
from elmo.tasks.saved_task import CONFIG_FILE
from elmo.tasks.training import TrainingCallback, with_tokenizer
from elmo.train.recipe import with_overrides


class TaskTrials(BaseModel, frozen=True, extra="forbid"):
    """The recipe of a task and its files."""

    maximize: ClassVar[bool] = True

    kind: Literal["task"] = "task"
    settings: dict[str, Any]
    source: str
    train_file: Path
    dev_file: Path
    checksums: dict[str, str] = {}

    def config(self, overrides: Sequence[str]) -> TaskConfig:
        """The settings of a trial."""
        return task_config_of(with_overrides(self.settings, overrides), self.source)

    def _run(self, overrides: Sequence[str]) -> TaskRun:
        return TaskRun(config=self.config(overrides), train=self.train_file, dev=self.dev_file)

    def inputs(self) -> list[str | Path]:
        """The files, the biLM and the static vectors of the recipe."""
        inputs = self.settings.get("inputs")
        named = [self.settings.get("model"), inputs.get("vectors") if isinstance(inputs, dict) else None]
        return [self.train_file, self.dev_file, *(one for one in named if isinstance(one, str))]

    def settled(self, overrides: Sequence[str]) -> "TaskTrials":
        """The same with absolute paths and the checksums of the files; overrides: of some trial.

        Raises:
            TextError: a file is missing.
        """
        run = settled_run(self._run(overrides))
        settings = dict(self.settings)
        if run.config.inputs.vectors is not None and isinstance(settings.get("inputs"), dict):
            settings["inputs"] = {**settings["inputs"], "vectors": run.config.inputs.vectors}
        if settings.get("model") is not None and not any(one.startswith("model=") for one in overrides):
            settings["model"] = run.config.model
        update = {"settings": settings, "train_file": run.train, "dev_file": run.dev, "checksums": run.checksums}
        return self.model_copy(update=update)

    def require_files(self, overrides: Sequence[str], cache: Path | None) -> None:
        """Read the files once, and write to the cache of layers if one is needed."""
        run = self._run(overrides)
        read_labelled_files(with_tokenizer(run.config), run.train, run.dev)
        if run.config.model is not None and run.config.elmo.reads_frozen_layers:
            require_cache(cache or cache_folder())

    def train(self, overrides: Sequence[str], folder: Path, watch: ScoreWatch, cache: Path | None) -> float:
        """Train the task; the score is that of the dev file with the best weights."""
        job = task_folder(folder)
        if job.is_begun() and not (folder / CONFIG_FILE).is_file():
            for epoch in read_progress(folder / CHECKPOINT).epochs:
                watch.score(epoch.epoch, epoch.score)
        if not (folder / CONFIG_FILE).is_file():
            run = None if job.is_begun() else self._run(overrides)
            train_task(run, folder, resume=run is None, cache=cache, watch=_Epochs(watch))
        training = read_json(folder / CONFIG_FILE)["training"]
        watch.steps |= {epoch["epoch"]: epoch["score"] for epoch in training["curve"]}
        return float(training[f"dev_{training['main_score']}"])

    def score_name(self, folder: Path) -> str:
        """The main score of the task."""
        return f"dev {read_json(folder / CONFIG_FILE)['training']['main_score']}"

    def tidy(self, folder: Path) -> None:
        """Remove the checkpoint."""
        if (folder / CHECKPOINT).exists():
            remove_whole(folder / CHECKPOINT)

    def recipe(self, values: dict[str, Any]) -> dict[str, Any]:
        """The recipe with these values and the files."""
        files = {"train": str(self.train_file), "dev": str(self.dev_file)}
        return {**recipe_with(self.settings, values, self.config), **files}

    def command(self, recipe: str, unset: Sequence[str]) -> str:
        """`elmo train`."""
        return " ".join(["elmo train", recipe, *(f"--set {one}" for one in unset), "-o my-task"])


class _Epochs(TrainingCallback):
    """Gives the score of each epoch to the search."""

    def __init__(self, watch: ScoreWatch) -> None:
        self._watch = watch

    def epoch(self, epoch: Epoch, name: str) -> None:
        self._watch.score(epoch.epoch, epoch.score)
