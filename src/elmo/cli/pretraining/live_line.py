"""The progress line of a run: step, loss, held-out perplexity, speed, time to go."""

import shutil
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from elmo.cli.show import say, say_in_place
from elmo.train.runs.durations import duration_text

if TYPE_CHECKING:
    from elmo.train.perplexity import Perplexity
    from elmo.train.run_log import Report

RECENT_S = 300.0  # seconds of training whose speed gives the time to go
PIPE_EVERY_S = 30.0  # minimum time between two plain lines in a pipe


class LiveLine:
    """Shows reports on stderr: one line that is replaced on a terminal, plain lines in a pipe; evaluations always stay.

    Args:
        max_minutes: limit of this session, which begins now; None: no limit.
    """

    def __init__(self, max_minutes: float | None = None) -> None:
        self._ends_at = None if max_minutes is None else time.monotonic() + 60 * max_minutes
        self._recent: deque[tuple[int, float]] = deque()  # step and seconds of the latest reports
        self._heldout: Perplexity | None = None
        self._printed_at = -PIPE_EVERY_S

    def show(self, line: "Report") -> None:
        """Show one report."""
        self._recent.append((line.step, line.seconds))
        while len(self._recent) > 2 and line.seconds - self._recent[1][1] >= RECENT_S:
            self._recent.popleft()
        self._heldout = line.heldout or self._heldout
        now = time.monotonic()
        session_s = None if self._ends_at is None else self._ends_at - now
        width = shutil.get_terminal_size().columns - 1 if sys.stderr.isatty() else None
        text = progress_text(line, self._heldout, seconds_to_go(line, list(self._recent)), session_s, width)
        if line.heldout is not None or (not sys.stderr.isatty() and now - self._printed_at >= PIPE_EVERY_S):
            say_in_place("")
            say(text)
            self._printed_at = now
        else:
            say_in_place(text)


def seconds_to_go(line: "Report", recent: list[tuple[int, float]]) -> float:
    """Seconds to the last step at the recent speed.

    Args:
        recent: step and seconds of the latest reports, oldest first; the last is `line`. The first line of a session has no
            other report: its speed is the mean since the run began.
    """
    (step, seconds), *later = recent if len(recent) > 1 else [(0, 0.0), *recent]
    n_steps = later[-1][0] - step
    return (line.n_steps - line.step) * (later[-1][1] - seconds) / max(1, n_steps)


_SHORT_NAMES = {"teacher_distance": "distance", "similarity_difference": "similarity", "language_model_nats": "nats"}


def _terms_text(line: "Report") -> str:
    """The parts of a loss that has some, in brackets."""
    parts = ", ".join(f"{_SHORT_NAMES.get(name, name)} {value:.3f}" for name, value in line.terms.items())
    return f" ({parts})" if parts else ""


def progress_text(
    line: "Report", heldout: "Perplexity | None", left_s: float, session_s: float | None, width: int | None = None
) -> str:
    """The text of the line, in its short form if the long one is wider than `width`; then also without speed, then loss.

    Args:
        heldout: the latest held-out perplexity, if there is one.
        left_s: seconds to the last step. session_s: seconds until `--max-minutes` are over; None: no limit.
        width: columns; None: no limit.
    """
    left = f"{duration_text(left_s)} to go"
    if session_s is not None and session_s < left_s:
        left = f"stops in {duration_text(max(0.0, session_s))} (--max-minutes), {duration_text(left_s)} to the end"
    parts = [
        f"step {line.step:,}/{line.n_steps:,} ({100 * line.step // max(1, line.n_steps)} %)",
        f"epoch {line.epoch:.3g}",
        f"loss {line.loss_nats:.3f}{_terms_text(line)}",
        "" if heldout is None else f"held-out {heldout.forward:.1f} forward, {heldout.backward:.1f} backward",
        f"{line.tokens_per_s:,.0f} tokens/s",
        left,
    ]
    long = "  ".join(part for part in parts if part)
    if width is None or len(long) <= width:
        return long
    ends = session_s is not None and session_s < left_s
    short = [
        f"step {line.step:,} ({100 * line.step // max(1, line.n_steps)} %)",
        f"loss {line.loss_nats:.3f}",
        "" if heldout is None else f"ppl {heldout.forward:.1f}/{heldout.backward:.1f}",
        f"{line.tokens_per_s:,.0f} tok/s",
        f"stops in {duration_text(max(0.0, session_s or 0.0))}" if ends else f"{duration_text(left_s)} left",
    ]
    for dropped in (None, short[3], short[1]):  # speed, loss
        short = [part for part in short if part and part != dropped]
        if len("  ".join(short)) <= width:
            break
    return "  ".join(short)
