"""Standard output and standard error of a command when they are closed, full, or no longer read.

A failed write to standard output is an error; if its reader has closed the pipe (`| head -1`), the command ends silently. A
failed write to standard error is ignored: a lost message must not end a training.
"""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from elmo.errors import OutputError

READER_GONE_STATUS = 141  # as a shell shows a process that SIGPIPE ended


class ReaderGone(BaseException):
    """The reader of standard output has closed the pipe."""


class _Guarded:
    """A text stream that passes failed writes to a function."""

    def __init__(self, stream: TextIO, on_failure: Callable[[OSError], None]) -> None:
        self._stream, self._on_failure = stream, on_failure
        self.failed = False

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._fail(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.failed = True
        self._on_failure(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _refuse(error: OSError) -> None:
    if isinstance(error, BrokenPipeError):
        raise ReaderGone from error
    raise OutputError(f"standard output cannot be written ({error.strerror}); send it elsewhere") from error


@contextmanager
def standard_streams() -> Iterator[None]:
    """Guard standard output and standard error while a command runs.

    Within the block, writing to standard output may raise `ReaderGone` or `OutputError`.
    """
    _occupy_closed()
    before = sys.stdout, sys.stderr
    out, messages = (open(os.devnull, "w", encoding="utf-8") if s is None else s for s in before)  # noqa: SIM115
    if isinstance(out, io.TextIOWrapper):  # whatever the locale; names need not be text
        out.reconfigure(encoding="utf-8", errors="backslashreplace")
    guarded = _Guarded(out, _refuse), _Guarded(messages, lambda error: None)
    sys.stdout, sys.stderr = (cast(TextIO, stream) for stream in guarded)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream, one in zip((out, messages), guarded, strict=True):
            if one.failed:
                _forget_buffered(stream)


def _occupy_closed() -> None:
    """Open /dev/null for the closed ones of descriptors 0, 1 and 2, so that no file of ours gets their numbers."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest free number


def _forget_buffered(stream: TextIO) -> None:
    """Discard what could not be written, so that the interpreter does not try again when it ends."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        stream.flush()
