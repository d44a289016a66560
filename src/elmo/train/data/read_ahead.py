"""The windows of a run one after the other, each prepared for its step."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from elmo.text.windows import TextPosition
from elmo.train.trainer import PreparedWindow, Trainer


class ReadWindow(NamedTuple):
    """The prepared window of a step, and the text position after it."""

    prepared: PreparedWindow
    after: TextPosition


def read_windows(trainer: Trainer, position: TextPosition, number: int) -> Iterator[ReadWindow]:
    """The windows from a position on, without end; they do not depend on threads or time.

    While a GPU works on one step a thread prepares the next. A CPU that trains has no core to spare for that.

    Args:
        number: of the first step.
    """

    def prepare(position: TextPosition, number: int) -> ReadWindow:
        window, after = trainer.reader.read(position)
        return ReadWindow(trainer.prepare(number, window), after)

    if trainer.ranks.device.type == "cpu":
        while True:
            found = prepare(position, number)
            yield found
            position, number = found.after, number + 1
    with ThreadPoolExecutor(1) as thread:
        ahead = thread.submit(prepare, position, number)
        while True:
            found, number = ahead.result(), number + 1
            ahead = thread.submit(prepare, found.after, number)
            yield found
