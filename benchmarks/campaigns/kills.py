"""Commands that write, killed at random moments: the last good state loads, and nothing else in the folder is harmed.

Each command runs in a process forked from one that has imported everything, so that a kill costs milliseconds.
"""

import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import h5py  # noqa: F401  the children find all of these imported
import matplotlib.backends.backend_agg
import matplotlib.figure  # noqa: F401
import pyarrow  # noqa: F401
import torch._dynamo  # noqa: F401
import usearch.index  # noqa: F401

import elmo.apps.corpus.tokenize
import elmo.apps.embedding.embed
import elmo.apps.embedding.embed_bulk
import elmo.apps.embedding.to_static
import elmo.apps.models.convert
import elmo.apps.models.perplexity
import elmo.apps.pretraining.pretrain
import elmo.apps.pretraining.run_report
import elmo.apps.studies.change
import elmo.apps.studies.demo
import elmo.apps.studies.probe
import elmo.apps.tasks.evaluate
import elmo.apps.tasks.learning_curve
import elmo.apps.tasks.train_task  # noqa: F401
from benchmarks.campaigns.commands import COMMANDS, FIRST, Command, prepare
from elmo.cli.main import main
from elmo.cli.signals import STOP_SIGNALS
from elmo.storage.atomic import PART_PREFIX

END_S = 20  # a command that goes on longer after a signal hangs


class KillFault(NamedTuple):
    """A kill that harmed something."""

    seed: int
    command: str
    number: int  # of the signal
    after_s: float
    what: str


def _in_child(arguments: Sequence[str], folder: Path, log: Path) -> int:
    """Start a command in a forked process; returns its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.chdir(folder)
        for number in (*STOP_SIGNALS, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(target, stream)
        sys.argv = ["elmo", *arguments]
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
    finally:
        os._exit(status)


def _wait(child: int, seconds: float) -> int | None:
    """The status of a process; None: it did not end in time, and was killed."""
    status = _status_within(child, seconds, 0.002)
    if status is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return status


def _status_within(child: int, seconds: float, every_s: float) -> int | None:
    """The status of a process, looked for every so many seconds; None: it did not end in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(every_s)
    return None


def run_whole(command: Command, folder: Path) -> tuple[float, int | None, str]:
    """Run a command to its end: seconds, status, what it printed."""
    log, begun = folder.parent / "log", time.monotonic()
    status = _wait(_in_child(command.arguments, folder, log), 200)
    return time.monotonic() - begun, status, log.read_text(encoding="utf-8", errors="replace")[-2000:]


def content_of(folder: Path, but: str) -> dict[str, bytes]:
    """All files beside the output of a command and what is half-written."""
    found = {}
    for path in sorted(folder.rglob("*")):
        first = path.relative_to(folder).parts[0]
        if first != but and not first.startswith((PART_PREFIX, ".elmo")) and path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def kill_once(command: Command, folder: Path, number: int, after_s: float, seed: int) -> KillFault | None:
    """Run a command, send a signal after some time, look at what is left."""
    output, log = folder / command.output, folder.parent / "log"
    if command.may_be_missing:
        _remove(output)
    for part in folder.rglob(f"{PART_PREFIX}*"):  # what is left of another command that was killed, it may not remove
        if part.parent == folder or command.output not in part.parts:
            shutil.rmtree(part, ignore_errors=True)
    left_before = {*folder.rglob(f"{PART_PREFIX}*")}
    before = content_of(folder, command.output)
    child = _in_child(command.arguments, folder, log)
    status = _wait_then(child, number, after_s)
    what = None
    printed = log.read_text(encoding="utf-8", errors="replace")
    if status is None:
        what = f"it had not ended {END_S} s after the signal"
    elif content_of(folder, command.output) != before:
        what = "other files are not what they were"
    elif "Traceback" in printed:
        what = f"a traceback: {' '.join(printed[-400:].split())}"
    elif number != signal.SIGKILL and status not in (0, 130, -number):
        what = f"status {status}: {' '.join(printed[-300:].split())}"
    elif number != signal.SIGKILL and (parts := {*folder.rglob(f"{PART_PREFIX}*")} - left_before):
        what = f"{min(parts).relative_to(folder)} was left"
    elif not output.exists():
        what = None if command.may_be_missing else "what was there before is gone"
    else:
        what = _load_fault(command, folder)
    return None if what is None else KillFault(seed, command.name, int(number), round(after_s, 3), what)


def _load_fault(command: Command, folder: Path) -> str | None:
    """What is wrong with an output, which must load, or be a job that can be gone on with; None: nothing."""
    output = folder / command.output
    resumed = ""
    if command.resume and not _is_whole(output):
        _, status, printed = run_whole(command._replace(arguments=command.resume), folder)
        resumed = f"after --resume, status {status}: {' '.join(printed[-300:].split())}; "
        if status != 0:
            return resumed
    try:
        command.load(output)
    except Exception as error:
        return f"{resumed}what is there does not load: {type(error).__name__}: {str(error)[:200]}"
    return None


def _is_whole(folder: Path) -> bool:
    """Whether the job of a folder has ended, by the file that it writes last; a folder of vectors is gone on with in any case."""
    return (folder / "config.json").exists()


def _wait_then(child: int, number: int, after_s: float) -> int | None:
    """Send a signal after some time, unless the process has ended; its status."""
    status = _status_within(child, after_s, 0.001)
    if status is not None:
        return status
    os.kill(child, number)
    return _wait(child, END_S)


def run_kills(
    n_signals: int, n_kills: int, first_seed: int = 0, report: Callable[[KillFault], None] = lambda fault: None
) -> tuple[Counter[str], list[KillFault]]:
    """Kill all commands in turn.

    Args:
        n_signals: by a signal that a command may answer. n_kills: by SIGKILL. report: called with each fault.
    Returns:
        how often by each signal, and the faults.
    """
    counts: Counter[str] = Counter()
    faults: list[KillFault] = []
    with TemporaryDirectory() as place:
        folder = Path(place) / "room"
        folder.mkdir()
        os.environ["ELMO_CACHE"] = str(Path(place) / "cache")
        prepare(folder)
        seconds = {}
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # else one that comes while a process is forked is dropped
        for command in (FIRST, *COMMANDS):
            seconds[command.name], status, printed = run_whole(command, folder)
            if status != 0:
                raise RuntimeError(f"{command.name} ends with status {status}: {printed}")
        for i in range(n_signals + n_kills):
            rng = random.Random(first_seed + i)
            command = COMMANDS[i % len(COMMANDS)]
            number = rng.choice(STOP_SIGNALS) if i < n_signals else signal.SIGKILL
            after_s = rng.uniform(0, 1.1 * seconds[command.name])
            fault = kill_once(command, folder, number, after_s, first_seed + i)
            counts[signal.Signals(number).name] += 1
            found = [] if fault is None else [fault]
            if fault is not None or (number == signal.SIGKILL and i % 10 == 0):
                found += _mended(command, folder, first_seed + i)
            for one in found:
                report(one)
            faults += found
    return counts, faults


def _remove(output: Path) -> None:
    if output.is_dir():
        shutil.rmtree(output)
    else:
        output.unlink(missing_ok=True)


def _mended(command: Command, folder: Path, seed: int) -> list[KillFault]:
    """Whether the command runs to its end after kills, and leaves no part of them."""
    if command.may_be_missing:
        _remove(folder / command.output)
    _, status, printed = run_whole(command, folder)
    parts = [path.name for path in folder.glob(f"{PART_PREFIX}*")]
    if status == 0 and not parts:
        return []
    return [
        KillFault(
            seed, command.name, 0, 0.0, f"afterwards status {status}, {parts} left: {' '.join(printed[-200:].split())}"
        )
    ]
