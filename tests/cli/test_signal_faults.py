"""Signals that arrive where exceptions are dropped, or from a terminal that closes; in processes, for older commits too."""

import signal
import subprocess
import sys

import pytest

from conftest import TEXT

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
