"""A signal that arrives where an exception is dropped is obeyed all the same."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from conftest import TEXT
from elmo.cli import main
from elmo.cli.signals import STOP, Interrupted
from elmo.errors import OutputError

# What sends the signal while a module of the command is looked for: within a destructor, or where everything is caught.
SENDERS = {
    "destructor": """
class Sender:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        for _ in range(100):
            pass

def send():
    Sender()
""",
    "import": """
def send():
    try:
        os.kill(os.getpid(), signal.{name})
        for _ in range(100):
            pass
    except BaseException:
        pass
""",
}
RUN = """
import importlib.abc, os, signal, sys
{sender}
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "elmo.train.recipe":
            sys.meta_path.remove(self)
            send()

sys.meta_path.insert(0, Finder())
sys.argv = ["elmo", *sys.argv[1:]]
from elmo.cli.main import main
main()
"""


def run(tmp_path, sender, name, *arguments):
    (tmp_path / "corpus.txt").write_text(TEXT * 40)
    small = ["bilm.lstm.cell_size=8", "bilm.lstm.projection_size=4", "rows=4", "window=7", "epochs=2000"]
    corpus, out = str(tmp_path / "corpus.txt"), str(tmp_path / "run")
    command = ["pretrain", "--corpus", corpus, "-o", out, *(word for key in small for word in ("--set", key))]
    code = RUN.format(sender=SENDERS[sender].format(name=name))
    return subprocess.run(
        [sys.executable, "-c", code, *command, *arguments], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1"])
def test_a_signal_where_exceptions_are_dropped_ends_the_command(tmp_path, sender, name):
    ran = run(tmp_path, sender, name, "--max-minutes", "0.1")
    assert ran.returncode == 130, ran.stderr
    assert "interrupted" in ran.stderr.splitlines()[-1]
    assert "Exception ignored" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.txt"]


def test_a_terminal_that_closes_ends_a_command_in_order(tmp_path):
    ran = run(tmp_path, "import", "SIGHUP", "--max-minutes", "0.1")
    assert ran.returncode == 130, ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.txt"]


def test_nohup_is_respected(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        ran = run(tmp_path, "import", "SIGHUP", "--max-steps", "1")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert ran.returncode == 0, ran.stderr


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
