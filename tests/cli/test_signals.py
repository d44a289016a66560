"""A signal that arrives before, within or after a command ends it with one sentence."""

import contextlib
import os
import signal
import time

import pytest

from elmo.cli import main
from elmo.cli.signals import STOP, Interrupted
from elmo.errors import OutputError


def test_a_signal_before_the_first_statement_of_a_command_is_no_traceback(monkeypatch, run_elmo):
    def early():
        raise Interrupted

    monkeypatch.setattr(STOP, "listen", early)
    ran = run_elmo("--version")
    assert (ran.status, ran.err) == (130, "elmo: interrupted; nothing was left half-written\n")


def test_what_a_library_makes_of_a_signal_is_no_wrong_input(monkeypatch, run_elmo):
    def interrupted(*arguments):
        try:
            raise Interrupted
        except Interrupted as error:
            raise OutputError("the disk is full") from error

    monkeypatch.setattr(main, "app", interrupted)
    assert run_elmo("--version").status == 130


@pytest.mark.parametrize("error", [ValueError("Invalid bounding box"), OutputError("the disk is full")])
def test_an_error_that_a_library_raises_instead_of_a_signal_is_no_traceback(monkeypatch, run_elmo, error):
    def interrupted():
        with contextlib.suppress(Interrupted):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        raise error

    monkeypatch.setattr(main, "app", interrupted)
    ran = run_elmo("--version")
    assert (ran.status, ran.err) == (130, "elmo: interrupted; nothing was left half-written\n")


def test_a_signal_after_the_last_statement_of_a_command_is_no_traceback(monkeypatch, run_elmo):
    calls, done = [], STOP.done

    def late():
        calls.append(1)
        if len(calls) == 1:
            raise Interrupted
        done()

    monkeypatch.setattr(STOP, "done", late)
    assert run_elmo("--version").out.startswith("elmo ")
    assert len(calls) == 2
