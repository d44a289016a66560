"""The study of a search: the trials that have ended, in a journal file of Optuna, and what follows from them.

The journal holds a line for each trial that has ended, and nothing of the one under way. What the next trial tries, whether it is
pruned and what mattered depend only on these lines, the seed and the number of the trial: a study that was killed at any moment
goes on as the unbroken one. The only module that imports Optuna (extra `tune`); its own tools read the journal too.
"""

import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from pydantic import BaseModel

from elmo.apps.tuning.search_space import Dimension, Value
from elmo.errors import ConfigError, TrainingError, reason_of
from elmo.storage.atomic import atomic_write

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.study import Study as OptunaStudy
    from optuna.trial import FrozenTrial

Pruning = Literal["median", "hyperband", "none"]
Outcome = Literal["complete", "pruned", "failed"]

NAME = "elmo"  # of the study in its journal
FEWEST_FOR_IMPORTANCE = 5  # complete trials
_MOST_DRAWS = 100  # until values are found that no trial has had
_UNPRUNED_TRIALS = 4  # of the median pruner: so many complete trials come first
_UNPRUNED_STEPS = 2  # scores of a trial until it may be pruned
_REASON = "reason"


class TrialRecord(BaseModel, frozen=True, extra="forbid"):
    """A trial that has ended."""

    number: int  # from 0
    values: dict[str, Value]  # of the searched settings
    outcome: Outcome
    score: float | None  # None: pruned or failed
    steps: dict[int, float]  # its scores in training, by epoch or by evaluation, from 1
    reason: str | None = None  # why it failed


def require_optuna() -> None:
    """Refuse at once if Optuna is missing.

    Raises:
        ConfigError: it is not installed.
    """
    if find_spec("optuna") is None:
        raise ConfigError("elmo tune needs the package optuna; install it with pip install 'elmo-lm[tune]'")


class Study:
    """The ended trials of a search; only one process at a time may have it, which the lock of its folder sees to.

    Args:
        journal: the file; made if it is missing, and a line that a killed process left half-written is cut off.
        first: values of the first trial, as far as they are known.
    Raises:
        TrainingError: the journal is damaged.
    """

    def __init__(
        self,
        journal: Path,
        space: Sequence[Dimension],
        maximize: bool,
        seed: int,
        pruning: Pruning,
        first: Mapping[str, Value],
    ) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._direction: Literal["maximize", "minimize"] = "maximize" if maximize else "minimize"
        self._distributions = {each.key: _distribution(each) for each in space}
        self._seed, self._pruning, self._first = seed, pruning, dict(first)
        try:
            _cut_half_line(journal)
            backend = JournalFileBackend(str(journal), lock_obj=cast(Any, _AlwaysFree()))
            self._kept = optuna.create_study(
                storage=JournalStorage(backend), study_name=NAME, direction=self._direction, load_if_exists=True
            )
            self.records()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainingError(
                f"{journal}: cannot be read ({reason_of(error)}); restore a copy, or start a new search"
            ) from error

    def records(self) -> list[TrialRecord]:
        """The trials that have ended, in their order."""
        return [_record_of(trial) for trial in self._kept.get_trials(deepcopy=False)]

    def best(self) -> TrialRecord | None:
        """The complete trial with the best score, the first of equal ones; None: there is none."""
        complete = [record for record in self.records() if record.score is not None]
        sign = -1 if self._direction == "maximize" else 1
        return min(complete, key=lambda record: (sign * (record.score or 0.0), record.number), default=None)

    def draw(self) -> dict[str, Value] | None:
        """The values of the next trial, which no ended one has had; None: there are no others."""
        from optuna.samplers import TPESampler

        records = self.records()
        number = len(records)
        tried = [record.values for record in records]
        for attempt in range(_MOST_DRAWS):
            (seed,) = np.random.SeedSequence([self._seed, number, attempt]).generate_state(1).tolist()
            copy = self._copy(TPESampler(seed=seed), None)
            copy.add_trials(self._kept.get_trials(deepcopy=False))
            if number == 0 and self._first:
                copy.enqueue_trial(self._first)
            values: dict[str, Value] = dict(copy.ask(self._distributions).params)
            if values not in tried:
                return values
        return None

    def judge(self) -> "Judge":
        """What decides whether the next trial is pruned."""
        return Judge(self._pruned_copy() if self._pruning != "none" else None)

    def _pruned_copy(self) -> "OptunaStudy | None":
        """The study in memory, with a pruner that has seen every ended trial; None: nothing can be pruned yet."""
        from optuna.pruners import HyperbandPruner, MedianPruner
        from optuna.trial import TrialState

        records = self.records()
        if self._pruning == "median":
            copy = self._copy(None, MedianPruner(_UNPRUNED_TRIALS, _UNPRUNED_STEPS))
            copy.add_trials(self._kept.get_trials(deepcopy=False))
            return copy
        longest = max((max(r.steps, default=0) for r in records if r.outcome == "complete"), default=0)
        if longest < 2:
            return None
        copy = self._copy(None, HyperbandPruner(max_resource=longest))
        for record in records:  # the pruner notes at each step of a trial how far it has come
            trial = copy.ask()
            for step, score in sorted(record.steps.items()):
                trial.report(score, step)
                trial.should_prune()
            state = TrialState.COMPLETE if record.outcome == "complete" else TrialState.PRUNED
            copy.tell(trial, record.score, state=state)
        return copy

    def add(self, record: TrialRecord) -> None:
        """Write an ended trial into the journal, whole or not at all."""
        from optuna.trial import TrialState, create_trial

        self._kept.add_trial(
            create_trial(
                state=TrialState.COMPLETE if record.outcome == "complete" else TrialState.PRUNED,
                value=record.score,
                params=record.values,
                distributions=self._distributions,
                intermediate_values=dict(record.steps),
                user_attrs={} if record.reason is None else {_REASON: record.reason},
            )
        )

    def importance(self) -> dict[str, float]:
        """How much each setting mattered (PED-ANOVA, Watanabe et al. 2023), in sum 1, the largest first.

        It compares how the values of the best tenth of the complete trials are distributed with those of all. Empty: there
        are too few trials, or they do not differ.
        """
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        if sum(record.score is not None for record in self.records()) < FEWEST_FOR_IMPORTANCE:
            return {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # older versions call it experimental
                found = get_param_importances(self._kept, evaluator=PedAnovaImportanceEvaluator())
        except (ValueError, RuntimeError):
            return {}
        if not all(np.isfinite(list(found.values()))):
            return {}
        return {key: float(value) for key, value in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))}

    def _copy(self, sampler: Any, pruner: "BasePruner | None") -> "OptunaStudy":
        """An empty study in memory of the same name, by which Hyperband chooses brackets."""
        import optuna
        from optuna.pruners import NopPruner

        return optuna.create_study(
            study_name=NAME, direction=self._direction, sampler=sampler, pruner=pruner or NopPruner()
        )


class Judge:
    """Decides after each score of a trial whether it is pruned, by the ended trials.

    Args:
        study: with a pruner, in memory; None: nothing is pruned.
    """

    def __init__(self, study: "OptunaStudy | None") -> None:
        self._trial = None if study is None else study.ask()

    def prunes(self, step: int, score: float) -> bool:
        """Whether the trial is pruned after this score; steps come in order, each once."""
        if self._trial is None:
            return False
        self._trial.report(score, step)
        return self._trial.should_prune()


def _record_of(trial: "FrozenTrial") -> TrialRecord:
    from optuna.trial import TrialState

    reason = trial.user_attrs.get(_REASON)
    complete = trial.state == TrialState.COMPLETE
    return TrialRecord(
        number=trial.number,
        values=trial.params,
        outcome="complete" if complete else "pruned" if reason is None else "failed",
        score=trial.value if complete else None,
        steps=trial.intermediate_values,
        reason=reason,
    )


def _distribution(each: Dimension) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if each.low is None or each.high is None:
        return CategoricalDistribution(each.choices)
    if each.whole:
        return IntDistribution(int(each.low), int(each.high), log=each.log)
    return FloatDistribution(each.low, each.high, log=each.log)


def _cut_half_line(journal: Path) -> None:
    """Cut off what follows the last line end: a killed process was writing it."""
    if not journal.is_file():
        return
    held = journal.read_bytes()
    if not held.endswith(b"\n") and held:
        with atomic_write(journal) as part:
            part.write_bytes(held[: held.rfind(b"\n") + 1])


class _AlwaysFree:
    """A lock for Optuna: the folder of the search is locked, and a lock file of its own would stay when a process is killed."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return None
