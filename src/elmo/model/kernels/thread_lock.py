"""Locks for threads that share a model, free in a forked process and in a copy; values that one thread makes for all."""

import os
import threading
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")

_LOCKS: "weakref.WeakSet[ThreadLock]" = weakref.WeakSet()


class ThreadLock:
    """`threading.Lock` for objects that are copied, pickled and forked.

    A copy has a lock of its own, which is free. In a forked process every lock is free: a thread that held it in the parent
    does not exist there. What a lock guards must therefore be right at every moment, not only when the lock is free.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type["ThreadLock"], tuple[()]]:
        return ThreadLock, ()

    def renew(self) -> None:
        """Free the lock whoever holds it; only for a process that has one thread."""
        self._lock = threading.Lock()


class Once(Generic[T]):
    """A value that one thread makes at first use; other threads wait for it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, ThreadLock()
        self._made: list[T] = []  # empty, then the value alone

    def get(self) -> T:
        """The value."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]


def _renew_all() -> None:
    for lock in list(_LOCKS):
        lock.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_renew_all)
