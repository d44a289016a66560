"""One session of a search in its folder: trials one after another, then the best recipe and the page."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from elmo.apps.tuning.best_recipe import write_best_recipe
from elmo.apps.tuning.search import JOURNAL_FILE, RUNNING_FILE, Search, trial_name
from elmo.apps.tuning.search_space import Value, own_values
from elmo.apps.tuning.study import Outcome, Study, TrialRecord
from elmo.apps.tuning.trial import ScoreWatch, SearchStopped, TrialPruned
from elmo.apps.tuning.tune_page import PAGE_FILE, TABLE_FILE, SearchTable, write_tune_page
from elmo.errors import ConfigError, DivergedError, TrainingError
from elmo.storage.atomic import atomic_write
from elmo.storage.json_files import read_json

Ended = Literal["all trials done", "every combination was tried", "time was up", "interrupted"]


class Running(BaseModel, frozen=True, extra="forbid"):
    """The trial under way: the `running.json` of the folder."""

    number: int
    values: dict[str, Value]


class TuneCallback:
    """Called while a search goes on; this one does nothing."""

    def begin(self, number: int, n_trials: int, values: dict[str, Value]) -> None:
        """A trial begins or continues."""

    def score(self, step: int, score: float) -> None:
        """The score of an epoch or an evaluation."""

    def end(self, record: TrialRecord, is_best: bool) -> None:
        """A trial has ended."""


class Session:
    """One session of a search in its folder."""

    def __init__(
        self,
        search: Search,
        folder: Path,
        until: float | None,
        cache: Path | None,
        stop: Callable[[], bool],
        callback: TuneCallback,
    ) -> None:
        self.search, self.folder = search, folder
        self._until, self._cache, self._stop, self._callback = until, cache, stop, callback
        trained = search.trained
        first = own_values(search.space, trained.config)
        self.study = Study(folder / JOURNAL_FILE, search.space, trained.maximize, search.seed, search.pruning, first)

    def run(self, n_trials: int) -> Ended:
        """Train trials until there are as many, or the session ends."""
        for record in self.study.records()[-1:]:
            self.search.trained.tidy(self.folder / trial_name(record.number))  # a killed process may not have
        while len(self.study.records()) < n_trials:
            if self._is_over():
                return self._why()
            running = self._running()
            if running is None:
                return "every combination was tried"
            self._callback.begin(running.number, n_trials, running.values)
            try:
                record = self._train(running)
            except SearchStopped:
                return self._why()
            self.study.add(record)
            self.search.trained.tidy(self.folder / trial_name(record.number))
            self._callback.end(record, self.study.best() == record)
        return "all trials done"

    def _is_over(self) -> bool:
        return self._stop() or (self._until is not None and time.monotonic() >= self._until)

    def _why(self) -> Ended:
        return "interrupted" if self._stop() else "time was up"

    def _running(self) -> Running | None:
        """The trial under way, or the next one."""
        path, number = self.folder / RUNNING_FILE, len(self.study.records())
        if path.is_file():
            try:
                kept = Running.model_validate(read_json(path))
            except (OSError, ValidationError, ValueError) as error:
                raise TrainingError(
                    f"{path}: cannot be read ({error}); restore a copy, or start a new search"
                ) from error
            if kept.number == number:
                return kept
        values = self.study.draw()
        if values is None:
            return None
        running = Running(number=number, values=values)
        with atomic_write(path) as part:
            part.write_text(running.model_dump_json() + "\n", encoding="utf-8")
        return running

    def _train(self, running: Running) -> TrialRecord:
        """Train a trial to its end."""
        overrides = [each.override(running.values[each.key]) for each in self.search.space]
        watch = ScoreWatch(self.study.judge(), self._is_over, self._callback.score)
        folder = self.folder / trial_name(running.number)

        def ended(outcome: Outcome, score: float | None, reason: str | None) -> TrialRecord:
            return TrialRecord(**running.model_dump(), outcome=outcome, score=score, steps=watch.steps, reason=reason)

        try:
            score = self.search.trained.train(overrides, folder, watch, self._cache)
        except TrialPruned:
            return ended("pruned", None, None)
        except (DivergedError, ConfigError) as error:
            if running.number == 0 and isinstance(error, ConfigError):
                raise
            return ended("failed", None, str(error).replace(f"{self.folder}/", ""))
        return ended("complete", score, None)

    def is_untouched(self) -> bool:
        """Whether nothing was trained yet."""
        return not self.study.records() and not (self.folder / trial_name(0)).exists()

    def table(self) -> SearchTable:
        """All trials so far."""
        best = self.study.best()
        name = "" if best is None else self.search.trained.score_name(self.folder / trial_name(best.number))
        return SearchTable(
            score=name,
            maximize=self.search.trained.maximize,
            trials=self.study.records(),
            best=best,
            importance=self.study.importance(),
        )

    def write(self) -> SearchTable:
        """Write what a session leaves: the best recipe, the table, the page.

        Raises:
            TrainingError: trials have ended, but none could be trained.
        """
        table = self.table()
        if table.trials and all(record.outcome == "failed" for record in table.trials):
            raise TrainingError(
                f"none of {len(table.trials)} trials could be trained; the first: {table.trials[0].reason}"
            )
        if table.best is not None:
            write_best_recipe(self.search.trained, table.best, table.score, len(table.trials), self.folder)
        with atomic_write(self.folder / TABLE_FILE) as part:
            part.write_text(table.model_dump_json(indent=1) + "\n", encoding="utf-8")
        write_tune_page(table, self.search.trained, self.search.space, self.folder / PAGE_FILE)
        return table
