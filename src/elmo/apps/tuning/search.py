"""What is searched, and the folder of a search.

tune.json                  the recipe, the files and the search space
journal.log                the trials that have ended, a journal of Optuna (`study.py`)
running.json               the trial under way
trial-000/, trial-001/     a task or a run each, as `elmo train` and `elmo pretrain` make them
best.toml                  the best recipe
trials.json, report.html   all trials, and which settings mattered; written when a session ends
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt

from elmo.apps.tuning.best_recipe import BEST_FILE
from elmo.apps.tuning.search_space import Dimension
from elmo.apps.tuning.study import Pruning
from elmo.apps.tuning.task_trials import TaskTrials
from elmo.apps.tuning.text_trials import TextTrials
from elmo.apps.tuning.tune_page import PAGE_FILE, TABLE_FILE
from elmo.storage.job_folder import NEXT, JobFolder

SETTINGS_FILE, JOURNAL_FILE, RUNNING_FILE = "tune.json", "journal.log", "running.json"
_FILES = (SETTINGS_FILE, JOURNAL_FILE, RUNNING_FILE, BEST_FILE, TABLE_FILE, PAGE_FILE)
_OF_TRIALS = ("trial-*/*", "trial-*/*/*", "trial-*/*/*/*")


class Search(BaseModel, frozen=True, extra="forbid"):
    """What is searched: the `tune.json` of its folder."""

    trained: Annotated[TaskTrials | TextTrials, Field(discriminator="kind")]
    space: list[Dimension]
    n_trials: PositiveInt
    seed: NonNegativeInt = 0  # of what is drawn; that of the recipe, once the search has begun
    pruning: Pruning = "median"


def tune_folder(folder: Path) -> JobFolder[Search]:
    """The folder of a search."""
    files = [*_FILES, *_OF_TRIALS]
    holds = [*files, *(f"{NEXT}/{pattern}" for pattern in files)]
    return JobFolder(folder, SETTINGS_FILE, Search, known_by=[SETTINGS_FILE], holds=holds, whole_by=[TABLE_FILE])


def trial_name(number: int) -> str:
    """The name of a trial's folder."""
    return f"trial-{number:03d}"
