"""The signals that ask a command to end: remembered, and obeyed at the next chance.

A handler that raises is not enough. What it raises inside a destructor or a callback of the interpreter is printed and dropped,
and an import that catches everything swallows it; the command would then continue as if nobody had asked. So the request is kept,
and a timer asks again until the command has ended. While the command cleans up after the first time it is left in peace.
"""

import signal
import sys
from types import FrameType

STOP_SIGNALS = (  # batch schedulers send SIGUSR1 before the time limit, a terminal that closes sends SIGHUP
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGHUP,
)
_AGAIN_S = 0.05  # between two chances


class Interrupted(BaseException):
    """The user or the system asked this process to end, while no command had state to save."""


class StopRequest:
    """Whether somebody asked this process to end; `listen` begins to hear it.

    Until `save_first` is called, a signal raises `Interrupted` at the current statement.
    """

    def __init__(self) -> None:
        self._asked = False
        self._saves = False
        self._report_dropped = sys.unraisablehook

    def listen(self) -> None:
        """Handle the signals from now on; SIGHUP is left alone where it is ignored (nohup)."""
        self._asked = self._saves = False
        self._report_dropped, sys.unraisablehook = sys.unraisablehook, self._unless_interrupted
        signal.signal(signal.SIGALRM, self._ask_again)
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._take)

    def save_first(self) -> None:
        """From now on a signal is only remembered: the command looks at `asked`, saves its state and ends by itself."""
        self._saves = True
        signal.setitimer(signal.ITIMER_REAL, 0)

    def asked(self) -> bool:
        """Whether a signal has come."""
        return self._asked

    def interrupts(self) -> bool:
        """Whether a signal has come that ends the command where it is: an error is then what a library made of it."""
        return self._asked and not self._saves

    def done(self) -> None:
        """The command has ended: ask no more, and only remember what comes while the interpreter ends."""
        sys.unraisablehook = self._report_dropped
        self._saves = True
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _unless_interrupted(self, dropped: "sys.UnraisableHookArgs") -> None:
        """Report an error that the interpreter dropped, unless it is an `Interrupted`, which is raised again."""
        if not isinstance(dropped.exc_value, Interrupted):
            self._report_dropped(dropped)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        if not self._saves:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S, _AGAIN_S)
            _raise_unless_on_its_way()

    def _ask_again(self, number: int, frame: FrameType | None) -> None:
        if self._asked and not self._saves:
            _raise_unless_on_its_way()


def is_interrupt(error: BaseException | None) -> bool:
    """Whether an error is an `Interrupted`, or what a library made of one that came within its call."""
    while error is not None and not isinstance(error, Interrupted):
        error = error.__cause__ or error.__context__
    return error is not None


def _raise_unless_on_its_way() -> None:
    """Raise `Interrupted`, unless an earlier one is being handled: what it cleans up must not be broken off."""
    if not is_interrupt(sys.exc_info()[1]):
        raise Interrupted


STOP = StopRequest()  # signals belong to the process: there is one
