"""The measured time of a training step on this machine, and of a held-out sentence."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from elmo.checkpoints.saved_model import SavedModel
from elmo.train.data.read_ahead import read_windows
from elmo.train.loop import train_step
from elmo.train.perplexity import measure_perplexity
from elmo.train.step import learning_rate_at
from elmo.train.trainer import Trainer

WARMUP_STEPS = 2  # left out: memory is asked for, kernels are chosen


class StepTime(NamedTuple):
    """A measured step."""

    seconds: float  # median
    n_steps: int  # measured; 0: one step of the warm-up took longer than there was time for, and that is the figure


def time_steps(trainer: Trainer, seconds: float, report: Callable[[int, float], None] = lambda n, s: None) -> StepTime:
    """Train for some seconds, at least one step after the warm-up.

    Args:
        report: called with the steps and seconds so far.
    """
    state = trainer.zero_state()
    windows = read_windows(trainer, trainer.reader.start(), 0)
    times: list[float] = []
    begun = time.monotonic()
    while len(times) <= WARMUP_STEPS or time.monotonic() - begun < seconds:
        step_begun = time.monotonic()
        prepared, _ = next(windows)
        learning_rate = learning_rate_at(len(times), 2**31, trainer.config.optimizer)
        state = train_step(trainer, len(times), learning_rate, prepared, state).state
        times.append(time.monotonic() - step_begun)
        if len(times) == 1 and times[0] > seconds:
            return StepTime(times[0], 0)
        report(len(times), time.monotonic() - begun)
    return StepTime(statistics.median(times[WARMUP_STEPS:]), len(times) - WARMUP_STEPS)


def time_sentences(model: SavedModel, sentences: Sequence[Sequence[str]], seconds: float) -> float:
    """Seconds per sentence of measuring perplexity: on twice as many sentences until it takes long enough."""
    n = 8
    while True:
        some = sentences[:n]
        begun = time.monotonic()
        measure_perplexity(model, some)
        took = time.monotonic() - begun
        if took > seconds or n >= len(sentences):
            return took / len(some)
        n *= 2
