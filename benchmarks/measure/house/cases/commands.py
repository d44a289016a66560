"""Commands of `elmo` in a process of their own: run to the end, or stopped on the way."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def elmo(*arguments: str | Path) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "elmo", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"elmo {' '.join(command[3:])}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def stopped(ready: Callable[[], bool], *arguments: str | Path) -> None:
    """Begin a command, and send SIGTERM as soon as it is ready."""
    running = subprocess.Popen(
        [sys.executable, "-m", "elmo", *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while running.poll() is None and not ready():
        time.sleep(0.02)
    if running.poll() is not None:
        raise RuntimeError("the command had ended before it was to be stopped")
    running.send_signal(signal.SIGTERM)
    running.wait()


def settings(*pairs: str) -> list[str]:
    """`--set` before each."""
    return [part for pair in pairs for part in ("--set", pair)]
