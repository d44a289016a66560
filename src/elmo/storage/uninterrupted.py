"""Work that a signal must not break off: libraries in C that cannot go on, or cannot close, once an exception has passed them."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP", "SIGALRM")
_HELD = tuple(signal.Signals[name] for name in _NAMES if hasattr(signal, name))  # Windows has two of them

_Handler = Callable[[int, FrameType | None], object]


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold the signals whose handlers are Python's until the block has ended; keep the block short.

    Handlers run in the main thread alone, so in other threads nothing is held.

    Raises:
        whatever a handler of a held signal raises, after the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: handler for number in _HELD if callable(handler := signal.getsignal(number))}
    came: list[int] = []
    try:
        for held in handlers:
            signal.signal(held, lambda number, frame: came.append(number))
        yield
    finally:
        _restore(handlers)
        for number in came:
            signal.raise_signal(number)


def _restore(handlers: dict[signal.Signals, _Handler]) -> None:
    """Set all handlers, though one that is set may raise before the next is."""
    try:
        while handlers:
            number, handler = next(iter(handlers.items()))
            signal.signal(number, handler)
            del handlers[number]
    except BaseException:
        _restore(handlers)
        raise
