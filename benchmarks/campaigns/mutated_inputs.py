"""Mutated inputs, read in forked workers with limits on time and memory: each is right, or one sentence of an `ElmoError`."""

import json
import os
import random
import resource
import shutil
import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.campaigns.mutations import mutate
from elmo.errors import LONGEST_MESSAGE, ElmoError

CASE_S = 20  # a case that computes longer hangs
WAIT_S = 60  # as does one that waits so long: for a pipe, a lock; more than CASE_S, since other processes may have the processor
MEMORY_BYTES = 2 * 2**30  # that a case may take beyond what the process has
AT_ONCE = 200  # cases of a worker


class Subject(NamedTuple):
    """A folder or file that is whole, and how it is read."""

    group: str  # task, model, labels, vectors, texts, predict
    name: str
    path: Path  # a file, or a folder whose files are changed one at a time
    read: Callable[
        [Path], None
    ]  # ends if all is right; raises ElmoError, or AssertionError where what was read is wrong


class Fault(NamedTuple):
    """A case that was neither right nor one sentence."""

    seed: int
    subject: str
    how: str  # it was mutated
    what: str  # happened


class Tally(NamedTuple):
    """What came out of a campaign."""

    outcomes: Counter[str]  # by group: "model right", "model refused"
    faults: list[Fault]


class _OutOfTimeError(BaseException):
    """A case took too long; no library catches it."""


def _listing(place: Path) -> list[tuple[str, int]]:
    """All files and folders with their sizes."""
    return sorted((str(p.relative_to(place)), p.lstat().st_size if p.is_file() else -1) for p in place.rglob("*"))


def outcome_of(seed: int, subject: Subject, place: Path) -> dict[str, Any]:
    """Copy a subject, change it, read it.

    Args:
        place: an empty folder.
    """
    rng = random.Random(seed)
    (place / "room").mkdir()
    (place / "room" / "thesis.tex").write_text("years of work")
    given = place / "room" / subject.path.name
    (shutil.copytree if subject.path.is_dir() else shutil.copy)(subject.path, given)
    files = sorted(path for path in given.rglob("*") if path.is_file()) if given.is_dir() else [given]
    changed = [rng.choice(files) for _ in range(rng.choice([1, 1, 1, 2]))]
    how = [mutate(path, rng, given.is_dir()) for path in changed if path.is_file() and not path.is_symlink()]
    before = _listing(place)
    found: dict[str, Any] = {"seed": seed, "subject": f"{subject.group} {subject.name}", "how": "; ".join(how)}
    try:
        subject.read(given)
        found["outcome"] = "right"
    except ElmoError as error:
        shown = str(error)
        found["outcome"] = "refused"
        if not shown or len(shown) >= LONGEST_MESSAGE or "Traceback" in shown or "\n" in shown.strip():
            found |= {"outcome": "fault", "what": f"a message of {len(shown)} characters: {shown[:300]}"}
    except _OutOfTimeError:
        found |= {"outcome": "fault", "what": f"it did not end: {_where(traceback.format_exc())}"}
    except BaseException as error:
        found |= {
            "outcome": "fault",
            "what": f"{type(error).__name__}: {str(error)[:200]} {_where(traceback.format_exc())}",
        }
    if found["outcome"] != "fault" and _listing(place) != before:
        found |= {"outcome": "fault", "what": "other files are there than before"}
    return found


def _where(trace: str) -> str:
    """The last places of our source in a traceback."""
    lines = [line.strip() for line in trace.splitlines() if line.strip().startswith("File ") and "elmo" in line]
    return " < ".join(f"{line.split('/')[-1]}" for line in reversed(lines[-3:]))


def _work(cases: Sequence[tuple[int, Subject]], report: int) -> None:
    """Read cases one after the other, and write a line before and after each."""
    warnings.simplefilter("ignore")

    def out_of_time(number: int, frame: object) -> None:
        raise _OutOfTimeError

    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGPROF, out_of_time)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for seed, subject in cases:
        os.write(report, (json.dumps({"seed": seed, "outcome": "begun"}) + "\n").encode())
        with TemporaryDirectory() as place:
            signal.alarm(WAIT_S)
            signal.setitimer(signal.ITIMER_PROF, CASE_S)
            found = outcome_of(seed, subject, Path(place))
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
        os.write(report, (json.dumps(found) + "\n").encode())


def _watched(cases: Sequence[tuple[int, Subject]]) -> list[dict[str, Any]]:
    """Outcomes of cases in a forked worker, up to the first that ended it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            _work(cases, writer)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    found: list[dict[str, Any]] = []
    rest, last = b"", time.monotonic()
    os.set_blocking(reader, False)
    while True:
        try:
            piece = os.read(reader, 2**16)
        except BlockingIOError:
            if time.monotonic() - last > 2 * WAIT_S:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.02)
            continue
        if not piece:
            break
        last = time.monotonic()
        *lines, rest = (rest + piece).split(b"\n")
        found += [json.loads(line) for line in lines]
    os.close(reader)
    _, status = os.waitpid(child, 0)
    ended = [one for one in found if one["outcome"] != "begun"]
    if status and len(ended) < len(cases):
        seed, subject = cases[len(ended)]
        what = f"the process ended with status {status}"
        ended.append(
            {"seed": seed, "subject": f"{subject.group} {subject.name}", "how": "", "outcome": "fault", "what": what}
        )
    return ended


def run_mutations(
    subjects: Sequence[Subject], n: int, first_seed: int = 0, report: Callable[[Fault], None] = lambda fault: None
) -> Tally:
    """Read `n` mutated inputs; groups take turns, and the subjects of a group. `report` is called with each fault."""
    groups: dict[str, list[Subject]] = {}
    for subject in subjects:
        groups.setdefault(subject.group, []).append(subject)
    names = list(groups)
    cases = []
    for number in range(n):
        of_group = groups[names[number % len(names)]]
        cases.append((first_seed + number, of_group[number // len(names) % len(of_group)]))
    outcomes: Counter[str] = Counter()
    faults: list[Fault] = []
    at = 0
    while at < n:
        found = _watched(cases[at : at + AT_ONCE])
        at += len(found)
        for one in found:
            outcomes[f"{one['subject'].split()[0]} {one['outcome']}"] += 1
            if one["outcome"] == "fault":
                faults.append(Fault(one["seed"], one["subject"], one["how"], one["what"]))
                report(faults[-1])
        if not found:
            raise RuntimeError("a worker ended without an outcome")
    return Tally(outcomes, faults)
