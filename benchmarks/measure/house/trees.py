"""The two checkouts that are compared, the old commit and this one, and a process that imports `elmo` from one of them."""

import argparse
import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.record import ROOT, parser_with_save

OLD = "042ca74"  # the last commit before the modules were moved
RUN = "benchmarks.measure.house.cases.run"


def git(*arguments: str, at: Path = ROOT) -> str:
    """The output of git."""
    done = subprocess.run(["git", *arguments], cwd=at, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit_of(tree: Path) -> str:
    """The commit that is checked out, with a mark if its source was changed."""
    changed = git("status", "--porcelain", "--untracked-files=all", "src", at=tree)
    return git("rev-parse", "--short", "HEAD", at=tree) + ("+changes" if changed else "")


def source_of(tree: Path) -> str | None:
    """Git's digest of the source; None: it was changed since the commit."""
    return None if "+" in commit_of(tree) else git("rev-parse", "HEAD:src", at=tree)[:12]


def machine() -> str:
    """A digest of everything besides the code that can change bits: the processor's features and PyTorch's build."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        able = sorted({line for line in text.splitlines() if line.startswith(("model name", "flags"))})
    except OSError:
        able = [platform.processor()]
    return hashlib.sha256(repr([able, torch.__version__, platform.python_version()]).encode()).hexdigest()[:8]


@contextmanager
def old_tree(given: argparse.Namespace) -> Iterator[Path]:
    """A checkout of the old commit."""
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
    """The environment of a process that imports `elmo` from a tree."""
    number, cache = str(threads), str(folder / "cache")
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(ROOT)]),  # the cases are those of this checkout
        "PYTHONWARNINGS": "ignore",
        "ELMO_CACHE": cache,
        "OMP_NUM_THREADS": number,
        "MKL_NUM_THREADS": number,
    }


def parser_of_trees(description: str | None) -> argparse.ArgumentParser:
    """The arguments that name the two trees, and --save."""
    parser = parser_with_save(description)
    parser.add_argument("--old", default=OLD, help="the old commit; a worktree is created and removed")
    parser.add_argument("--old-tree", type=Path, help="an existing checkout of the old commit")
    parser.add_argument("--new-tree", type=Path, default=ROOT, help="the new checkout; default: that of this file")
    return parser
