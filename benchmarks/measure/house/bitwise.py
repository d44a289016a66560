"""Whether results are bitwise equal to those of an old commit: runs each case of `cases/` in an old tree and in a new one.

    python -m benchmarks.measure.house.bitwise [--quick] [--only CASE]... [--old COMMIT | --old-tree DIR] [--new-tree DIR]
                                               [--work DIR] [--jobs N] [--again] [--save]

The old tree is a worktree of the old commit, the new tree is the checkout of this file. Each case runs in a separate process
with one thread and `PYTHONPATH=TREE/src`: vectors, training, resumed runs, tasks, indexes, and files that the old commit writes
and the new one reads. Tensors are compared by name, type, shape and bytes, and so is the output of commands; items that differ
are listed. Intended changes are listed in `intended.py` with the reason, and are counted. Results of a tree are stored in
--work until its source, the case, the processor or PyTorch changes. The exit status is 1 if any item differs.

Needs the texts and fixtures in ../shared.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.measure.house.cases.case import definition
from benchmarks.measure.house.cases.digests import digest
from benchmarks.measure.house.cases.run import CASES
from benchmarks.measure.house.intended import MISSING, reason_of
from benchmarks.measure.house.trees import RUN, commit_of, environment, machine, old_tree, parser_of_trees, source_of
from benchmarks.record import ROOT, SHARED, keep_row

SHOWN = 8  # maximum number of differing items to print


class Outcome(NamedTuple):
    """The result of a case in one tree."""

    items: dict[str, str]
    seconds: float
    cpu_s: float = 0
    failure: str = ""

    @property
    def digest(self) -> str:
        """Of all items."""
        return "failed" if self.failure else digest(json.dumps(self.items, sort_keys=True).encode())


def read_outcome(path: Path) -> Outcome:
    """Read a stored result."""
    return Outcome(**json.loads(path.read_text(encoding="utf-8")))


def write_outcome(outcome: Outcome, path: Path) -> None:
    """Store a result."""
    path.write_text(json.dumps(outcome._asdict()), encoding="utf-8")


class Trees(NamedTuple):
    """The trees that are compared, and the folder of stored results."""

    old: Path
    new: Path
    kept: Path
    again: bool


def do(what: str, name: str, tree: Path, folder: Path, old: Path) -> Outcome:
    """Run or make a case in a folder."""
    with TemporaryDirectory() as place:
        outcome = Path(place) / "outcome.json"
        command = [sys.executable, "-m", RUN, what, name, str(folder), str(SHARED), str(old), str(outcome)]
        begun = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=environment(tree, folder), capture_output=True, text=True)
        seconds = time.perf_counter() - begun
        if done.returncode:
            return Outcome({}, seconds, 0, done.stderr[-3000:])
        found = json.loads(outcome.read_text(encoding="utf-8"))
    if not Path(found["package"]).is_relative_to(tree):
        return Outcome({}, seconds, 0, f"elmo was taken from {found['package']}, not from {tree}")
    return Outcome(found["items"], seconds, found["cpu_s"])


def run_case(name: str, tree: Path, trees: Trees, made: Path) -> Outcome:
    """Run a case in a new folder, with a copy of the files that were made for it."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "room"
        if CASES[name].make is not None:
            shutil.copytree(made, folder)
        else:
            folder.mkdir()
        return do("run", name, tree, folder, trees.old)


def old_outcome(name: str, trees: Trees) -> tuple[Outcome, Path]:
    """The result of the old tree, stored or new, and the folder that it made for this case."""
    place = trees.kept / f"{name}-{definition(name)}"
    kept, made = place / "outcome.json", place / "made"
    if kept.exists() and not trees.again:
        return read_outcome(kept), made
    shutil.rmtree(place, ignore_errors=True)
    made.mkdir(parents=True)
    if CASES[name].make is not None:
        outcome = do("make", name, trees.old, made, trees.old)
        shutil.rmtree(made / "cache", ignore_errors=True)
        if outcome.failure:
            return outcome, made
    outcome = run_case(name, trees.old, trees, made)
    if not outcome.failure:
        write_outcome(outcome, kept)
    return outcome, made


def compare(name: str, trees: Trees) -> tuple[str, Outcome, Outcome]:
    """A case in both trees."""
    old, made = old_outcome(name, trees)
    if old.failure:
        return name, old, Outcome({}, 0, 0, "the old tree failed")
    source = source_of(trees.new)
    kept = made.parent / f"new-{source}.json"
    if source is not None and kept.exists() and not trees.again:
        return name, old, read_outcome(kept)
    new = run_case(name, trees.new, trees, made)
    if source is not None and source == source_of(trees.new) and not new.failure:
        write_outcome(new, kept)
    return name, old, new


class Difference(NamedTuple):
    """An item that differs between the trees."""

    item: str
    old: str
    new: str
    reason: str | None  # of an intended change


def differences(name: str, old: Outcome, new: Outcome) -> list[Difference]:
    """All items of a case that differ, with the reason if the change is intended."""
    pairs = {item: (old.items.get(item, MISSING), new.items.get(item, MISSING)) for item in old.items | new.items}
    return [Difference(item, *pair, reason_of(name, item, *pair)) for item, pair in pairs.items() if pair[0] != pair[1]]


def show(name: str, old: Outcome, new: Outcome) -> dict[str, Any]:
    """Print a row and the items that differ; returns the figures of the case."""
    found = differences(name, old, new)
    faults = [difference for difference in found if difference.reason is None]
    reasons = Counter(difference.reason for difference in found if difference.reason is not None)
    equal = not (old.failure or new.failure or faults)
    print(
        f"{name:26} {len(new.items):6,} {old.digest:18} {new.digest:18} {'yes' if equal else 'NO':5} "
        f"{old.seconds:7.1f} {new.seconds:7.1f} {new.cpu_s:7.1f}",
        flush=True,
    )
    for tree, outcome in (("old", old), ("new", new)):
        if outcome.failure:
            print(f"    {tree}: " + outcome.failure.strip().replace("\n", "\n    "), flush=True)
    if old.failure or new.failure:
        faults = []
    for difference in faults[:SHOWN]:
        print(f"    {difference.item}: {difference.old} | {difference.new}", flush=True)
    if len(faults) > SHOWN:
        print(f"    and {len(faults) - SHOWN:,} more of {len(old.items | new.items):,}", flush=True)
    for reason, n_items in reasons.items():
        print(f"    intended, {n_items:,} items: {reason}", flush=True)
    row = {"old": old.digest, "new": new.digest, "equal": equal, "items": len(new.items)}
    return row | ({"intended": dict(reasons)} if reasons and equal else {})


def prove(given: argparse.Namespace) -> bool:
    """Run all cases in both trees; returns whether all are equal."""
    names = given.only or [name for name, case in CASES.items() if case.is_quick or not given.quick]
    new = given.new_tree.resolve()
    with old_tree(given) as old:
        commits = commit_of(old), commit_of(new)
        if "+" in commits[0]:
            raise SystemExit(f"{old}: its source was changed, so it is not the old commit")
        trees = Trees(old, new, given.work.resolve() / f"{commits[0]}-{machine()}", given.again)
        print(f"old {commits[0]}, new {commits[1]}")
        print(
            f"{'case':26} {'items':>6} {'old':18} {'new':18} equal {'old s':>7} {'new s':>7} {'cpu s':>7}", flush=True
        )
        found: dict[str, Any] = {}
        with ThreadPoolExecutor(given.jobs) as pool:
            for done in as_completed([pool.submit(compare, name, trees) for name in names]):
                name, before, after = done.result()
                found[name] = show(name, before, after)
    n_equal = sum(row["equal"] for row in found.values())
    n_items = sum(row["items"] for row in found.values())
    print(f"{n_equal} of {len(found)} cases are equal, {n_items:,} items")
    if given.save:
        counts = {"cases": len(found), "equal": n_equal, "items": n_items}
        options = "".join(f" --only {name}" for name in given.only or []) or (" --quick" if given.quick else "")
        figures = {"commit_old": commits[0], "commit_new": commits[1], **counts, "digests": found}
        print(keep_row("house", "bitwise", f"python -m benchmarks.measure.house.bitwise{options} --save", figures))
    return n_equal == len(found)


def main() -> None:
    """Compare."""
    parser = parser_of_trees(__doc__)
    parser.add_argument("--quick", action="store_true", help="only the cases that take a few minutes")
    parser.add_argument("--only", action="append", choices=CASES, metavar="CASE", help="a case; may be repeated")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    kept = ROOT / "build" / "house"
    parser.add_argument("--work", type=Path, default=kept, help="folder of stored results")
    parser.add_argument("--again", action="store_true", help="run both trees again, ignoring stored results")
    parser.add_argument("--jobs", type=int, default=1, help="number of cases to run in parallel")
    given = parser.parse_args()
    if given.list:
        for name, case in CASES.items():
            print(f"{name:26} {'quick' if case.is_quick else '':6} {case.run.__doc__}")
        return
    sys.exit(not prove(given))


if __name__ == "__main__":
    main()
