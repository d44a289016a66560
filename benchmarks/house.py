"""Proof that another layout of the modules changes no bit: each case of `house_cases.py` in an old tree and in a new one.

    python benchmarks/house.py [--quick] [--only CASE]... [--old COMMIT | --old-tree DIR] [--new-tree DIR] [--work DIR]
                               [--jobs N] [--again] [--save]
    python benchmarks/house.py --speed [--rounds N] [--only embed|pretrain]... [--save]

The old tree is a worktree of the old commit, the new one is the checkout that this file lies in. Each case runs in a process of
its own, one thread, with `PYTHONPATH=TREE/src`: vectors, training, resumes, tasks, indexes, what the old commit wrote and the new
one reads. Compared are tensors by name, type, shape and bytes, and what commands print; an item that differs is named. What came
out of the old tree is kept in --work until its commit, the case, the processor or PyTorch is another, so that a second time only
the new tree runs. The exit status is 1 where something differs.

--speed: tokens a second of the rows `small` and `original` of embed.py and of `tiny` of pretrain.py, ours alone, old and new tree
in turn, each in a process of its own; medians, new by old.

Needs the texts and fixtures in ../shared.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch

from house_cases import CASES, definition, digest
from record import ROOT, SHARED, parser_with_save, record

OLD = "042ca74"
SCRIPT = Path(__file__).with_name("house_cases.py")
SHOWN = 8  # items that differ


class Outcome(NamedTuple):
    """How a case went in one tree."""

    items: dict[str, str]
    seconds: float
    cpu_s: float = 0
    failure: str = ""

    @property
    def digest(self) -> str:
        """Of all items."""
        return "failed" if self.failure else digest(json.dumps(self.items, sort_keys=True).encode())


class Trees(NamedTuple):
    """What is compared, and where the outcomes of the old one are kept."""

    old: Path
    new: Path
    kept: Path
    again: bool


def git(*arguments: str, at: Path = ROOT) -> str:
    """What git prints."""
    done = subprocess.run(["git", *arguments], cwd=at, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit_of(tree: Path) -> str:
    """The commit that is checked out, and whether its source was changed."""
    changed = git("status", "--porcelain", "--untracked-files=all", "src", at=tree)
    return git("rev-parse", "--short", "HEAD", at=tree) + ("+changes" if changed else "")


def machine() -> str:
    """What decides the bits beside the code: the processor's abilities and PyTorch's build."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        able = sorted({line for line in text.splitlines() if line.startswith(("model name", "flags"))})
    except OSError:
        able = [platform.processor()]
    return hashlib.sha256(repr([able, torch.__version__, platform.python_version()]).encode()).hexdigest()[:8]


@contextmanager
def old_tree(given: argparse.Namespace) -> Iterator[Path]:
    """The old commit, checked out."""
    if given.old_tree is not None:
        yield given.old_tree.resolve()
        return
    with TemporaryDirectory() as place:
        tree = Path(place) / "old"
        git("worktree", "add", "--detach", str(tree), given.old)
        try:
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree))


def environment(tree: Path, folder: Path, threads: int = 1) -> dict[str, str]:
    """Of a process that takes `elmo` from a tree."""
    number, cache = str(threads), str(folder / "cache")
    return os.environ | {
        "PYTHONPATH": str(tree / "src"),
        "PYTHONWARNINGS": "ignore",
        "ELMO_CACHE": cache,
        "OMP_NUM_THREADS": number,
        "MKL_NUM_THREADS": number,
    }


def do(what: str, name: str, tree: Path, folder: Path, old: Path) -> Outcome:
    """Run or make a case in a folder."""
    with TemporaryDirectory() as place:
        outcome = Path(place) / "outcome.json"
        command = [sys.executable, str(SCRIPT), what, name, str(folder), str(SHARED), str(old), str(outcome)]
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
    """A case in a fresh folder, with a copy of what was made for it."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "room"
        if CASES[name].make is not None:
            shutil.copytree(made, folder)
        else:
            folder.mkdir()
        return do("run", name, tree, folder, trees.old)


def old_outcome(name: str, trees: Trees) -> tuple[Outcome, Path]:
    """The outcome of the old tree, kept or new, and the folder that it made for this case."""
    place = trees.kept / f"{name}-{definition(name)}"
    kept, made = place / "outcome.json", place / "made"
    if kept.exists() and not trees.again:
        return Outcome(**json.loads(kept.read_text(encoding="utf-8"))), made
    shutil.rmtree(place, ignore_errors=True)
    made.mkdir(parents=True)
    if CASES[name].make is not None:
        outcome = do("make", name, trees.old, made, trees.old)
        shutil.rmtree(made / "cache", ignore_errors=True)
        if outcome.failure:
            return outcome, made
    outcome = run_case(name, trees.old, trees, made)
    if not outcome.failure:
        kept.write_text(json.dumps(outcome._asdict()), encoding="utf-8")
    return outcome, made


def compare(name: str, trees: Trees) -> tuple[str, Outcome, Outcome]:
    """A case in both trees."""
    old, made = old_outcome(name, trees)
    return (
        name,
        old,
        Outcome({}, 0, 0, "the old tree failed") if old.failure else run_case(name, trees.new, trees, made),
    )


def show(name: str, old: Outcome, new: Outcome) -> bool:
    """Print a row, and what differs."""
    equal = not old.failure and not new.failure and old.items == new.items
    print(
        f"{name:26} {len(new.items):6,} {old.digest:18} {new.digest:18} {'yes' if equal else 'NO':5} "
        f"{old.seconds:7.1f} {new.seconds:7.1f} {new.cpu_s:7.1f}",
        flush=True,
    )
    for tree, outcome in (("old", old), ("new", new)):
        if outcome.failure:
            print(f"    {tree}: " + outcome.failure.strip().replace("\n", "\n    "), flush=True)
    if not (equal or old.failure or new.failure):
        differing = [k for k in old.items | new.items if old.items.get(k) != new.items.get(k)]
        for key in differing[:SHOWN]:
            print(f"    {key}: {old.items.get(key, 'missing')} | {new.items.get(key, 'missing')}")
        if len(differing) > SHOWN:
            print(f"    and {len(differing) - SHOWN:,} more of {len(old.items | new.items):,}", flush=True)
    return equal


def prove(given: argparse.Namespace) -> bool:
    """All cases in both trees: whether all are equal."""
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
                equal = show(name, before, after)
                found[name] = {"old": before.digest, "new": after.digest, "equal": equal, "items": len(after.items)}
    n_equal = sum(row["equal"] for row in found.values())
    n_items = sum(row["items"] for row in found.values())
    print(f"{n_equal} of {len(found)} cases are equal, {n_items:,} items")
    if given.save:
        counts = {"cases": len(found), "equal": n_equal, "items": n_items}
        options = "".join(f" --only {name}" for name in given.only or []) or (" --quick" if given.quick else "")
        figures = {"commit_old": commits[0], "commit_new": commits[1], **counts, "digests": found}
        print(record("house", f"python benchmarks/house.py{options} --save", figures))
    return n_equal == len(found)


# ---- speed

RANDOM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import embed
embed.write_random(sys.argv[2], Path(sys.argv[3]))
"""
WORK = {"embed": ("small", "original"), "pretrain": ("tiny",)}


def write_work(what: str, size: str, folder: Path, old: Path, n_sentences: int) -> Path:
    """What both trees are timed with, made by the old one: a folder."""
    from house_cases import unpacked

    if what == "embed":
        sentences = json.loads((SHARED / "baselines" / "bench_sentences.json").read_text(encoding="utf-8"))
        (folder / "sentences.json").write_text(json.dumps(sentences[:n_sentences]), encoding="utf-8")
        command = [sys.executable, "-c", RANDOM, str(old / "benchmarks"), size, str(folder / size)]
        subprocess.run(command, env=environment(old, folder), check=True)
        return folder / size
    texts = SHARED / "data" / "lm" / "wikitext2"
    (folder / "train.txt").write_text(unpacked(texts / "train.txt.gz"), encoding="utf-8")
    heldout = unpacked(texts / "valid.txt.gz").splitlines()[:5]
    (folder / "heldout.txt").write_text("\n".join(heldout) + "\n", encoding="utf-8")
    return folder


def measure(given: argparse.Namespace) -> None:
    """Medians of both trees, in turn."""
    figures: dict[str, Any] = {}
    with old_tree(given) as old, TemporaryDirectory() as place:
        trees = {"old": old, "new": given.new_tree.resolve()}
        print(f"{'tokens/s, medians':36} {'old':>9} {'new':>9}   new/old")
        for what, size in [(work, size) for work in given.only or WORK for size in WORK[work]]:
            (folder := Path(place) / f"{what}-{size}").mkdir()
            work = write_work(what, size, folder, old, given.sentences)
            found: dict[str, dict[str, list[float]]] = {"old": {}, "new": {}}
            for number in range(given.rounds):
                for tree in ("old", "new") if number % 2 == 0 else ("new", "old"):
                    command = [sys.executable, str(SCRIPT), "time", f"time_{what}", str(work)]
                    env = environment(trees[tree], folder, given.threads)
                    done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=True)
                    for row, speed in json.loads(done.stdout).items():
                        found[tree].setdefault(row, []).append(speed)
            for row in found["old"]:
                before, after = (statistics.median(found[tree][row]) for tree in ("old", "new"))
                print(f"{f'{what} {size}, {row}':36} {before:9,.0f} {after:9,.0f} {after / before:9.3f}", flush=True)
                figures[f"{what} {size}, {row}"] = {
                    "old": round(before),
                    "new": round(after),
                    "ratio": round(after / before, 3),
                }
        commits = {"commit_old": commit_of(old), "commit_new": commit_of(trees["new"]), "rounds": given.rounds}
    if given.save:
        print(
            record(
                "house_speed", f"python benchmarks/house.py --speed --rounds {given.rounds} --save", commits | figures
            )
        )


def main() -> None:
    """Compare, or measure."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--quick", action="store_true", help="the cases of a few minutes")
    parser.add_argument("--only", action="append", help="a case; may be repeated")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--old", default=OLD, help="the commit before; a worktree of it is made and removed")
    parser.add_argument("--old-tree", type=Path, help="a checkout of it that is there")
    parser.add_argument("--new-tree", type=Path, default=ROOT, help="the checkout after; else the one of this file")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "house", help="keeps what came out of the old tree"
    )
    parser.add_argument("--again", action="store_true", help="run the old tree again too")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time")
    parser.add_argument("--speed", action="store_true", help="tokens a second of both trees instead")
    parser.add_argument("--rounds", type=int, default=10, help="of --speed")
    parser.add_argument("--threads", type=int, default=2, help="of --speed")
    parser.add_argument("--sentences", type=int, default=512, help="of --speed embed")
    given = parser.parse_args()
    known = set(WORK) if given.speed else set(CASES)
    if unknown := set(given.only or []) - known:
        parser.error(f"no case {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    if given.list:
        print(
            "\n".join(
                f"{name:26} {'quick' if case.is_quick else '':6} {case.run.__doc__}" for name, case in CASES.items()
            )
        )
    elif given.speed:
        measure(given)
    else:
        sys.exit(not prove(given))


if __name__ == "__main__":
    main()
