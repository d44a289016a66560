"""The records that a run writes, and their reader.

    run.json          its settings, the files it read
    log.jsonl         one line a report
    sessions.jsonl    one line where a session of training begins, one where it ends

The reader accepts any fields: a run of an older or newer version may lack some or have others.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import torch

import elmo
from elmo.checkpoints.formats.native import CONFIG_FILE, VOCABULARY_FILE
from elmo.errors import OutputError, TextError, TrainingError
from elmo.storage.json_files import no_such_file, read_json
from elmo.text.words.vocabulary import read_vocabulary
from elmo.train.run_log import Report
from elmo.train.runs.settings import RUN_FILE

LOG_FILE = "log.jsonl"
SESSIONS_FILE = "sessions.jsonl"

End = Literal["all steps done", "time was up", "planned step reached", "no longer improving", "interrupted"]


@dataclass(frozen=True)
class RunRecord:
    """A run as recorded in its folder."""

    name: str
    settings: Mapping[str, Any]  # run.json
    model: Mapping[str, Any]  # config.json, once a session has ended; empty before
    n_words: int | None  # V; None: not known
    reports: Sequence[Mapping[str, Any]]  # in the order of their steps; a step that was trained again occurs once
    sessions: Sequence[
        Mapping[str, Any]
    ]  # `began`, `checkpoint`, `threads`, ..., and if it ended `ended`, `step`, `why`
    n_unreadable: int = 0  # lines of the log

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The settings of a `PretrainConfig`, as JSON has them."""
        recipe = self.settings.get("recipe")
        return recipe if isinstance(recipe, dict) else {}

    @property
    def training(self) -> Mapping[str, Any]:
        """The training facts of the model in the folder; empty before there is a model."""
        facts = self.model.get("training")
        return facts if isinstance(facts, dict) else {}

    def curve(self, name: str) -> tuple[list[float], list[float]]:
        """Steps and values of the reports with a finite number of this name."""
        pairs = [(line["step"], line[name]) for line in self.reports if _is_number(line.get(name))]
        return [step for step, _ in pairs], [value for _, value in pairs]

    def last(self, name: str) -> float | None:
        """The number of this name in the latest report that contains it."""
        values = self.curve(name)[1]
        return values[-1] if values else None


def append_report(run: Path, line: Report) -> None:
    """Write a report as a line of the log.

    Raises:
        OutputError: the disk is full or fails.
    """
    flat = {key: value for key, value in asdict(line).items() if key not in ("heldout", "terms")} | dict(line.terms)
    if line.heldout is not None:
        flat |= {f"heldout_{name}": getattr(line.heldout, name) for name in ("forward", "backward", "mean")}
    _append(run / LOG_FILE, flat)


def append_begin(run: Path, checkpoint: str | None) -> None:
    """Record the start of a session, from a checkpoint or from the beginning.

    Raises:
        OutputError: the disk is full or fails.
    """
    facts = {"threads": torch.get_num_threads(), "torch": str(torch.__version__), "elmo": elmo.__version__}
    _append(run / SESSIONS_FILE, {"began": _now(), "checkpoint": checkpoint, **facts})


def append_end(run: Path, step: int, why: End, device: torch.device) -> None:
    """Record the orderly end of a session.

    Raises:
        OutputError: the disk is full or fails.
    """
    _append(run / SESSIONS_FILE, {"ended": _now(), "step": step, "why": why, "device": str(device)})


def read_run(run: Path) -> RunRecord:
    """Read the records of a run, which may be training or be written by another version of this program.

    Raises:
        TrainingError: the folder is no run, or `run.json` is damaged.
    """
    try:
        settings = read_json(run / RUN_FILE)
        if not isinstance(settings, dict):
            raise ValueError("not a JSON object")
    except (FileNotFoundError, NotADirectoryError):
        raise TrainingError(
            f"{no_such_file(run / RUN_FILE)}; give the folder of a run, -o DIR of `elmo pretrain`"
        ) from None
    except (OSError, ValueError) as error:
        raise TrainingError(f"{run / RUN_FILE}: cannot be read ({error}); it was written when the run began") from error
    lines, n_unreadable = _read_lines(run / LOG_FILE)
    reports: dict[float, dict[str, Any]] = {}
    for line in lines:
        if not _is_number(line.get("step")):
            n_unreadable += 1
            continue
        # After `kill -9` a run continues from its last checkpoint: the steps logged beyond it are trained again.
        for step in [step for step in reversed(reports) if step >= line["step"]]:
            del reports[step]
        reports[line["step"]] = line
    sessions: list[dict[str, Any]] = []
    for line in _read_lines(run / SESSIONS_FILE)[0]:
        if "began" in line:
            sessions.append(line)
        elif sessions:
            sessions[-1] |= line
    return RunRecord(
        run.absolute().name,
        settings,
        _read_model(run),
        _count_words(run),
        list(reports.values()),
        sessions,
        n_unreadable,
    )


def _read_model(run: Path) -> dict[str, Any]:
    try:
        config = read_json(run / CONFIG_FILE)
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _count_words(run: Path) -> int | None:
    try:
        return len(read_vocabulary(run / VOCABULARY_FILE))
    except TextError:
        return None


def _read_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The JSON objects of a file, one per line, and the number of unreadable lines: a crash may truncate one."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return [], 0
    found: list[dict[str, Any]] = []
    for line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found, len(lines) - len(found)


def _append(path: Path, fields: Mapping[str, Any]) -> None:
    """Append a line, completely or not at all; a last line that a crash truncated stays a line of its own."""
    try:
        with path.open("ab+", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            left = ("\n" if file.read(1) not in (b"", b"\n") else "") + json.dumps(fields) + "\n"
            rest = left.encode("ascii")
            try:
                while rest:  # a nearly full disk may accept only a part
                    rest = rest[file.write(rest) :]
            except OSError:
                file.truncate(end)
                raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
