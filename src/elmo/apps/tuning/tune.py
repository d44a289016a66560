"""Search for the settings of a recipe: begin or resume a search, and say how it ended."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elmo.apps.tuning.best_recipe import BEST_FILE
from elmo.apps.tuning.search import Search, trial_name, tune_folder
from elmo.apps.tuning.search_space import checked_space, value_at
from elmo.apps.tuning.session import Ended, Session, TuneCallback
from elmo.apps.tuning.study import require_optuna
from elmo.apps.tuning.task_trials import TaskTrials
from elmo.apps.tuning.trial import SearchStopped
from elmo.apps.tuning.tune_page import PAGE_FILE, SearchTable
from elmo.errors import ConfigError, ElmoError
from elmo.storage.atomic import remove_whole
from elmo.storage.job_folder import refuse_changed_files
from elmo.storage.json_files import is_unicode
from elmo.tasks.results import Result


class TuneResult(Result, frozen=True):
    """How a session of a search ended."""

    output: Path
    ended: Ended
    table: SearchTable

    def facts(self) -> dict[str, Any]:
        """Flat: counts of trials, the best of them, its settings as `best_KEY`, and importances as `importance_KEY`."""
        table, best = self.table, self.table.best
        outcomes = [record.outcome for record in table.trials]
        facts = {"output": str(self.output), "ended": self.ended, "trials": len(outcomes)}
        facts |= {name: outcomes.count(name) for name in ("complete", "pruned", "failed")}
        if best is not None:
            facts |= {
                "score": table.score,
                "best": best.score,
                "best_trial": str(self.output / trial_name(best.number)),
            }
            facts |= {f"best_{key}": value for key, value in best.values.items()}
            facts |= {f"importance_{key}": round(value, 3) for key, value in table.importance.items()}
            facts |= {"recipe": str(self.output / BEST_FILE)}
        return facts | {"report": str(self.output / PAGE_FILE)}


def tune(
    search: Search | None,
    folder: Path,
    *,
    resume: bool = False,
    force: bool = False,
    n_trials: int | None = None,
    max_minutes: float | None = None,
    cache: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    callback: TuneCallback = TuneCallback(),
) -> TuneResult:
    """Train trials until all have ended or the time is up, then write the best recipe and the page.

    Args:
        search: None: what `tune.json` of the folder says, with `resume`.
        resume: continue a search, in the middle of its trial. force: replace a folder of another search.
        n_trials: of all sessions; None: what the search was begun with.
        max_minutes: of this session; the trial under way continues when the search is resumed.
        cache: folder for the layers of the biLM of a task; None: see `cache_folder`.
        stop: asked after each score, and by a pretraining run at each step; True interrupts the search.
    Raises:
        ConfigError: Optuna is missing, an unknown setting, or a value that cannot work. TextError: a file is missing or broken.
        OutputError: the folder exists. TrainingError: there is nothing to resume, or no trial could be trained.
    """
    require_optuna()
    job = tune_folder(folder)
    if resume:
        search = job.read_settings()
        refuse_changed_files(search.trained.checksums)
    assert search is not None
    if not resume:
        job.refuse_existing(force, search.trained.inputs())
        search = _settled(search, cache)
    until = None if max_minutes is None else time.monotonic() + 60 * max_minutes
    begun = False
    try:
        with job.hold() if resume else job.begin(search, force) as own:
            session = Session(search, own, until, cache, stop, callback)
            begun = True
            ended = session.run(n_trials or search.n_trials)
            if ended == "interrupted":
                raise SearchStopped
            table = session.write()
    except SearchStopped:
        return TuneResult(output=folder, ended="interrupted", table=session.table())
    except ElmoError:
        if begun and not resume and session.is_untouched():
            remove_whole(session.folder)  # nothing was trained: the command leaves nothing
        raise
    return TuneResult(output=folder, ended=ended, table=table)


def _settled(search: Search, cache: Path | None) -> Search:
    """The search with the types of its ranges, absolute paths and checksums, after all that can be checked was checked."""
    trained = search.trained
    space = checked_space(search.space, trained.config)
    first = [f"{each.key}={each.ends[0]}" for each in space]
    for path in trained.inputs():
        if not is_unicode(str(path)):
            raise ConfigError(f"{str(path)!r}: the name is not UTF-8, so the search cannot store it; rename the file")
    trained.require_files(first, cache)
    settled = trained.settled(first) if isinstance(trained, TaskTrials) else trained.settled()
    seed = value_at(settled.config(first), "seed")
    return search.model_copy(update={"trained": settled, "space": space, "seed": seed})
