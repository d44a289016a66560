"""A measured figure -> results/NAME.json, with all that is needed to measure it again."""

import argparse
import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def parser_with_save(description: str | None) -> argparse.ArgumentParser:
    """The arguments that every benchmark has: --help shows its docstring, --save keeps its figures."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="keep the figures in results/")
    return parser


def show(figures: Mapping[str, float]) -> None:
    """Print figures, one a line."""
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}}  {value:12,.4f}" if isinstance(value, float) else f"{name:{width}}  {value:12,}")


def record(name: str, command: str, figures: dict[str, Any]) -> Path:
    """Write figures with command, commit, machine and date; returns the file."""
    facts = {"name": name, "command": command, "commit": _commit(), "machine": _machine(), "date": str(date.today())}
    path = ROOT / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**facts, "figures": figures}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _commit() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    status = ["git", "status", "--porcelain", "--untracked-files=no", "src"]
    changed = subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=True)
    return commit.stdout.strip() + ("+changes" if changed.stdout else "")


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor()
    python, threads = platform.python_version(), torch.get_num_threads()
    return f"{processor}, {threads} threads, torch {torch.__version__}, Python {python}"
