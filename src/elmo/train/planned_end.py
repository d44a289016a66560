"""The planned end of a run, and its learning rate until then.

A run ends with the last step of its recipe, unless a session is given a time or a step to end at. The number of steps that fit in
the time is estimated from the speed of the first steps, and from then on the learning rate is that of a run of so many steps, so
it has decayed when the time is up. The end is planned anew when the speed changes.

These plans depend on the clock, so each is stored with the step from which it holds (`ends.json`). The learning rate of a step
depends on its number and on these plans alone: a run that resumes from a checkpoint, and is given no other time, trains bit for
bit as the unbroken run did. A run that continues after its planned end, or is given another time, gets another end; its learning
rate rises to that of a run which ends there.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, NonNegativeInt, TypeAdapter

from elmo.errors import TrainingError, reason_of
from elmo.storage.atomic import atomic_write
from elmo.storage.json_files import read_json
from elmo.train.config import OptimizerConfig
from elmo.train.step import learning_rate_at

ENDS_FILE = "ends.json"
_WARMUP = 10  # a warm-up takes one part in so many of a planned run at most


class PlannedEnd(BaseModel, frozen=True, extra="forbid"):
    """A plan: the step from which it holds, and the step at which the run ends."""

    from_step: NonNegativeInt
    end_step: NonNegativeInt
    warmup_steps: NonNegativeInt


class Schedule:
    """The end and the learning rate of a run at each of its steps.

    Args:
        n_steps: of the recipe: no plan goes beyond.
        ends: planned so far.
        folder: of the run, where plans are written down; None: nowhere.
        n_softmax_steps: of the first phase of an adaptation, with a warm-up and a constant rate of its own, `softmax_rate` times
            the learning rate; what follows has the schedule of a run that begins there.
    """

    def __init__(
        self,
        config: OptimizerConfig,
        n_steps: int,
        ends: Sequence[PlannedEnd] = (),
        folder: Path | None = None,
        n_softmax_steps: int = 0,
        softmax_rate: float = 1.0,
    ) -> None:
        self.n_steps, self._n_softmax_steps, self._softmax_rate = n_steps, n_softmax_steps, softmax_rate
        self._config, self._ends, self._folder = config, list(ends), folder

    def end_at(self, step: int) -> int:
        """The step at which the run ends, as it is planned at a step."""
        return min(self._plan_at(step).end_step, self.n_steps)

    def learning_rate(self, step: int) -> float:
        """The learning rate of step `step`, from 0: that of a run with the planned end."""
        plan = self._plan_at(step)
        config = self._config
        if plan.warmup_steps != config.warmup_steps:
            config = config.model_copy(update={"warmup_steps": plan.warmup_steps})
        first = self._n_softmax_steps
        if step < first:
            return self._softmax_rate * learning_rate_at(
                step, first, config.model_copy(update={"schedule": "constant"})
            )
        return learning_rate_at(step - first, min(plan.end_step, self.n_steps) - first, config)

    def plan(self, from_step: int, end_step: int, shorter_warmup: bool = False) -> None:
        """Plan another end, from a step on; plans for later steps are dropped.

        Args:
            shorter_warmup: the warm-up takes a tenth of the run at most.
        Raises:
            OutputError: it cannot be written down.
        """
        warmup = self._config.warmup_steps
        warmup = min(warmup, end_step // _WARMUP) if shorter_warmup and end_step < self.n_steps else warmup
        new = PlannedEnd(from_step=from_step, end_step=min(end_step, self.n_steps), warmup_steps=warmup)
        self._ends = [end for end in self._ends if end.from_step < from_step] + [new]
        if self._folder is not None:
            with atomic_write(self._folder / ENDS_FILE) as part:
                part.write_text(json.dumps([end.model_dump() for end in self._ends]) + "\n", encoding="ascii")

    def _plan_at(self, step: int) -> PlannedEnd:
        plans = [end for end in self._ends if end.from_step <= step]
        whole = PlannedEnd(from_step=0, end_step=self.n_steps, warmup_steps=self._config.warmup_steps)
        return plans[-1] if plans else whole


def read_ends(folder: Path) -> list[PlannedEnd]:
    """The stored plans of a run; none if the run was never given a time.

    Raises:
        TrainingError: the file is damaged.
    """
    path = folder / ENDS_FILE
    try:
        ends = TypeAdapter(list[PlannedEnd]).validate_python(read_json(path))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({reason_of(error)}); restore a copy, or remove it: the run then continues "
            "to the end of its recipe"
        ) from error
    return sorted(ends, key=lambda end: end.from_step)
