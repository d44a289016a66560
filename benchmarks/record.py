"""A measured figure -> results/NAME.json, with everything that is needed to measure it again."""

import argparse
import json
import platform
import re
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def parser_with_save(description: str | None) -> argparse.ArgumentParser:
    """The arguments of every benchmark: --help prints its docstring, --save stores its figures."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="store the figures in results/")
    return parser


def show(figures: Mapping[str, float]) -> None:
    """Print figures, one per line."""
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}}  {value:12,.4f}" if isinstance(value, float) else f"{name:{width}}  {value:12,}")


def record(name: str, command: str, figures: dict[str, Any]) -> Path:
    """Write figures with command, commit, machine and date; returns the file."""
    return _write(name, _facts(command) | {"figures": figures})


def kept_figures(name: str) -> dict[str, Any] | None:
    """The figures that `record` stored; None: there are none yet."""
    path = _file(name)
    return json.loads(path.read_text(encoding="utf-8"))["figures"] if path.exists() else None


def kept_rows(name: str) -> dict[str, dict[str, Any]]:
    """The rows that `keep_row` stored: command, commit, machine, date and figures of each."""
    path = _file(name)
    return json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else {}


def keep_row(name: str, row: str, command: str, figures: dict[str, Any]) -> Path:
    """Store one row in results/NAME.json; it replaces a row of the same name and keeps all others."""
    rows = kept_rows(name) | {row: _facts(command) | {"figures": figures}}
    return _write(name, {"rows": rows})


def command_today(command: str) -> str:
    """A stored command as it is written today; it used to be `python benchmarks/embed.py ...`."""
    old = re.match(r"(.*python(?: -W ignore)?) benchmarks/(\w+)\.py\b", command)
    found = [] if old is None else sorted((ROOT / "benchmarks" / "measure").glob(f"*/{old[2]}.py"))
    if old is None or not found:
        return command
    module = ".".join(found[0].relative_to(ROOT).with_suffix("").parts)
    return f"{old[1]} -m {module}{command[old.end() :]}"


def _facts(command: str) -> dict[str, Any]:
    return {"command": command, "commit": _commit(), "machine": _machine(), "date": str(date.today())}


def _file(name: str) -> Path:
    return ROOT / "results" / f"{name}.json"


def _write(name: str, content: dict[str, Any]) -> Path:
    path = _file(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"name": name, **content}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
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
