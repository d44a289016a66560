"""Signals wait until a block has ended, and come in the order in which they were sent."""

import signal
import threading

import pytest

from elmo.storage.uninterrupted import uninterrupted


@pytest.fixture
def handled(monkeypatch):
    """The numbers of the signals whose handler has run."""
    numbers = []
    formers = [
        (n, signal.signal(n, lambda number, frame: numbers.append(number))) for n in (signal.SIGUSR1, signal.SIGALRM)
    ]
    yield numbers
    for number, former in formers:
        signal.signal(number, former)


def test_signals_are_handled_once_each_after_the_block(handled):
    with uninterrupted():
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGALRM)
        signal.raise_signal(signal.SIGUSR1)
        assert handled == []
    assert handled == [signal.SIGUSR1, signal.SIGALRM, signal.SIGUSR1]
    signal.raise_signal(signal.SIGALRM)
    assert len(handled) == 4


@pytest.fixture
def interrupts():
    """SIGINT raises KeyboardInterrupt, as it does unless a command listens to it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_is_raised_after_the_block_and_the_next_at_once():
    done = []

    def work():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_error_in_the_block_leaves_the_handlers_as_they_were(handled):
    with pytest.raises(ValueError, match="of the block"), uninterrupted():
        raise ValueError("of the block")
    signal.raise_signal(signal.SIGUSR1)
    assert handled == [signal.SIGUSR1]


def test_in_another_thread_nothing_is_held(handled):
    inside, sent = threading.Event(), threading.Event()

    def work():
        with uninterrupted():
            inside.set()
            sent.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    signal.raise_signal(signal.SIGUSR1)
    assert handled == [signal.SIGUSR1]
    sent.set()
    thread.join()
