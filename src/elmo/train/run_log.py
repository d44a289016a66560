"""The records of a run, kept by its loop: progress, reports, evaluations, checkpoints, skipped steps, time."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from elmo.errors import DivergedError
from elmo.model.encoders.state import BiLMState
from elmo.text.windows import TextPosition
from elmo.train.memory import give_back_free_memory
from elmo.train.perplexity import Perplexity, measure_together
from elmo.train.planned_end import Schedule
from elmo.train.run_state import RunProgress, RunState, save_best, save_checkpoint
from elmo.train.trainer import StepResult, Trainer

_TIMED_FROM = 2  # steps of a session before its speed is taken: kernels are chosen, memory is asked for
_LOOKS = 4  # the speed is looked at again after a quarter as many steps more
_SPARE = 0.02  # of the time that is left
_TOLERANCE = 0.05  # of the steps that are left: a smaller difference is no reason for another plan


@dataclass(frozen=True)
class Report:
    """One line of the log."""

    step: int
    n_steps: int
    epoch: float  # epochs read
    loss_nats: float  # training loss per token, mean of both directions, since the last report; by the recipe's softmax
    gradient_norm: float
    learning_rate: float
    tokens_per_s: float  # each position counted once, both directions trained
    seconds: float  # of training, all sessions together
    skipped_steps: int = 0  # since the start of the run: their loss or gradient was not finite
    heldout: Perplexity | None = None
    terms: Mapping[str, float] = field(
        default_factory=dict
    )  # parts of the loss, means since the last report, unweighted


class RunLog:
    """The records of one session of a run.

    Args:
        progress: of the run so far.
        schedule: where the run ends.
        checkpoints: folder.
        stop: asked before each step; True ends the session.
        report: called every `log_every` steps and after each evaluation.
        max_minutes: of this session, which begins now; the end of the run is planned for then.
    """

    def __init__(
        self,
        trainer: Trainer,
        progress: RunProgress,
        schedule: Schedule,
        checkpoints: Path,
        stop: Callable[[], bool],
        report: Callable[[Report], None],
        max_minutes: float | None = None,
    ) -> None:
        self.progress, self.schedule = progress, schedule
        self._trainer, self._checkpoints, self._stop, self._report = trainer, checkpoints, stop, report
        self.ended = progress.step >= schedule.end_at(progress.step) or self.no_longer_improves()
        heldout = trainer.corpus.heldout
        self._sample = heldout[:: -(-len(heldout) // trainer.config.evaluate_sentences)]
        self._begun, self._seconds_before = time.monotonic(), progress.seconds
        self._saved_at, self._logged_at, self._step_logged = self._begun, self._begun, progress.step
        self._losses: list[float] = []  # since the last report
        self._terms: dict[str, tuple[float, float]] = {}  # sums and counts since then
        self._n_not_finite = 0  # steps in a row
        self._stops_at = None if max_minutes is None else self._begun + 60 * max_minutes
        self._first_step = progress.step  # of this session
        self._timed_from: tuple[int, float] | None = None  # a step of this session, and when it was done
        self._look_at = _TIMED_FROM + 2  # step of this session: how many fit in the time is asked again

    def wishes(self) -> tuple[bool, bool]:
        """Whether this process wants to stop the run, and to save a checkpoint, after the next step."""
        due = time.monotonic() - self._saved_at > 60 * self._trainer.config.checkpoint_minutes
        return self._stop() or self.time_is_up(), due

    def time_is_up(self) -> bool:
        """Whether the minutes of this session are over."""
        return self._stops_at is not None and time.monotonic() > self._stops_at

    def no_longer_improves(self) -> bool:
        """Whether an adaptation has had so many evaluations in its second phase without a better one that it ends."""
        config = self._trainer.config
        if config.adaptation is None or config.adaptation.patience is None or self.progress.best is None:
            return False
        evaluated_at = self.progress.step - self.progress.step % config.evaluate_every
        since = evaluated_at - max(self.progress.best_step, self._trainer.n_softmax_steps)
        return since >= config.adaptation.patience * config.evaluate_every

    def add(self, result: StepResult, position: TextPosition, state: BiLMState) -> None:
        """Record a step; report, evaluate and save when due.

        Args:
            position, state: of the text and of this rank's rows after the step.
        Raises:
            DivergedError: too many steps in a row were not finite.
        """
        now = time.monotonic()
        self._count(result, position, now)
        self._plan_end(now)
        config, step = self._trainer.config, self.progress.step
        self.ended = step >= self.schedule.end_at(step) or result.wants_stop
        due = step % config.evaluate_every == 0 or step == self._trainer.n_softmax_steps
        # An adaptation that is interrupted evaluates first: its end depends on it, and a resume has to come to the same.
        evaluates = not self.ended or (result.wants_stop and config.adaptation is not None)
        evaluated = self._evaluate() if due and evaluates else None
        self.ended = self.ended or self.no_longer_improves()
        if evaluated is not None or step % config.log_every == 0 or self.ended:
            self._write_report(result, evaluated, now)
        if self.ended or result.wants_checkpoint:
            self._save(position, state)

    def _count(self, result: StepResult, position: TextPosition, now: float) -> None:
        self._n_not_finite = 0 if result.moved else self._n_not_finite + 1
        if result.moved:
            self._losses.append(result.loss_nats)
            for name, (total, count) in zip(self._trainer.objective.terms, result.terms, strict=True):
                before, n_before = self._terms.get(name, (0.0, 0.0))
                self._terms[name] = (before + total, n_before + count)
        self.progress = self.progress.model_copy(
            update={
                "step": self.progress.step + 1,
                "sentences": position.n_sentences,
                "mixed_sentences": position.n_mixed,
                "seconds": self._seconds_before + now - self._begun,
                "skipped_steps": self.progress.skipped_steps + (not result.moved),
            }
        )
        if self._n_not_finite == self._trainer.config.optimizer.max_skipped_steps:
            raise DivergedError(
                f"{self._n_not_finite} steps in a row had a loss or gradient that is not finite (last: loss "
                f"{result.loss_nats:.4g}, norm {result.gradient_norm:.4g}); start a new run with a lower "
                "optimizer.learning_rate"
            )

    def _plan_end(self, now: float) -> None:
        """Plan the end of the run for the end of the session's time, if the measured speed gives another step than planned."""
        n_done = self.progress.step - self._first_step
        if self._stops_at is None or n_done < _TIMED_FROM:
            return
        if self._timed_from is None:
            self._timed_from = (n_done, now)
        if n_done < self._look_at:
            return
        step_s = max(1e-9, (now - self._timed_from[1]) / (n_done - self._timed_from[0]))
        n_left = int((1 - _SPARE) * max(0.0, self._stops_at - now) / step_s)
        end = self.progress.step + self._trainer.ranks.first_says(n_left)
        self._look_at = max(n_done + 1, n_done + n_done // _LOOKS)
        planned = self.schedule.end_at(self.progress.step)
        if abs(min(end, self.schedule.n_steps) - planned) > _TOLERANCE * max(1, planned - self.progress.step):
            self.schedule.plan(self.progress.step, end, shorter_warmup=True)

    def _evaluate(self) -> Perplexity:
        """The held-out perplexity during training; the best model is saved."""
        trainer = self._trainer
        trainer.refresh()
        found = measure_together(trainer.model, self._sample, trainer.ranks)
        if self.progress.best is None or found.mean < self.progress.best:
            step = self.progress.step if trainer.config.adaptation is not None else 0
            self.progress = self.progress.model_copy(update={"best": found.mean, "best_step": step})
            if trainer.ranks.is_first:
                save_best(self._checkpoints, trainer.model)
        return found

    def _write_report(self, result: StepResult, heldout: Perplexity | None, now: float) -> None:
        config, progress = self._trainer.config, self.progress
        per_step = config.rows * config.window
        self._report(
            Report(
                step=progress.step,
                n_steps=self.schedule.end_at(progress.step),
                epoch=progress.step * per_step / self._trainer.reader.n_positions,
                loss_nats=sum(self._losses) / len(self._losses) if self._losses else math.nan,
                gradient_norm=result.gradient_norm,
                learning_rate=result.learning_rate,
                tokens_per_s=per_step * (progress.step - self._step_logged) / max(now - self._logged_at, 1e-9),
                seconds=progress.seconds,
                skipped_steps=progress.skipped_steps,
                heldout=heldout,
                terms={name: total / count for name, (total, count) in self._terms.items() if count > 0},
            )
        )
        self._losses, self._terms = [], {}
        self._logged_at, self._step_logged = time.monotonic(), progress.step

    def _save(self, position: TextPosition, state: BiLMState) -> None:
        trainer, ranks = self._trainer, self._trainer.ranks
        trainer.refresh()
        of_all_rows = state.map(lambda t: ranks.gather_rows(t, trainer.config.rows))
        if ranks.is_first:
            run = RunState(self.progress, of_all_rows, position)
            own, keep = trainer.objective.own_tensors(), trainer.config.keep_checkpoints
            save_checkpoint(self._checkpoints, trainer.model, trainer.update, run, keep, own)
        ranks.wait()
        give_back_free_memory()
        self._saved_at = time.monotonic()
