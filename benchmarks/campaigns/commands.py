"""The commands that write, on small inputs, and how what they write is read."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from benchmarks.campaigns.model_subjects import BILM, small_model
from benchmarks.campaigns.task_subjects import FILMS
from elmo import load_task, open_vectors
from elmo.analysis.context_index import ContextIndex
from elmo.analysis.static_files import read_static_vectors
from elmo.apps.examples.write_examples import write_examples
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.model.config import BiLMConfig
from elmo.train.run_state import checkpoints_of

TEXT = "The bank of the river was green .\nShe put money in the bank .\nThe river runs by the bank of the town .\n"
Load = Callable[[Path], object]


class Command(NamedTuple):
    """A command that writes, and how what it writes is read."""

    name: str
    arguments: Sequence[str]
    output: str
    load: Load  # raises if what is there is not whole
    may_be_missing: bool = False  # it does not replace a good state that was there before
    resume: Sequence[str] = ()  # goes on with a job that was stopped, which is then the last good state


def prepare(folder: Path) -> None:
    """Inputs of all commands but those that a command makes, and a file of somebody else."""
    (folder / "text.txt").write_text(TEXT * 5, encoding="utf-8")
    (folder / "small.toml").write_text("bilm.char_cnn.filters = [[1, 4], [3, 8]]\n", encoding="utf-8")
    lines = (json.dumps({"text": text, "label": label}) + "\n" for text, label in FILMS)
    (folder / "a.jsonl").write_text("".join(lines), encoding="utf-8")
    save_native(small_model(BiLMConfig.model_validate(BILM)), folder / "m")
    write_examples(folder / "all-examples")
    shutil.copytree(folder / "all-examples" / "data", folder / "data")
    shutil.rmtree(folder / "all-examples")
    (folder / "thesis").mkdir()
    (folder / "thesis" / "thesis.tex").write_text("years of work", encoding="utf-8")


def _load_run(run: Path) -> object:
    """A run that is whole, or its checkpoints."""
    kept = checkpoints_of(run / "checkpoints")
    for path in kept:
        load_model(path)
    return load_model(run) if (run / "model.safetensors").exists() else kept


def _load_index(folder: Path) -> object:
    index = ContextIndex(folder)
    return index.nearest(np.ones(index.facts.width, np.float32), 3)


def _load_file(path: Path) -> object:
    """A file of a known kind, which must be whole."""
    content = path.read_bytes()
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return [arrays[name] for name in arrays.files]
    if path.suffix == ".hdf5":
        with h5py.File(path) as file:
            return [file[name][()] for name in file]
    if path.suffix == ".json":
        return json.loads(content)
    if path.suffix == ".png":
        if not content.endswith(b"IEND\xaeB`\x82"):
            raise ValueError(f"{path.name} is cut short")
    elif path.suffix in (".txt", ".tsv", ".jsonl", ".html", ".csv") and not content.endswith(b"\n"):
        raise ValueError(f"the last line of {path.name} has no end")
    return content


def _load_files(folder: Path) -> object:
    """All files of a folder that is not empty."""
    found = [_load_file(path) for path in folder.rglob("*") if path.is_file()]
    if not found:
        raise ValueError("the folder is empty")
    return found


def _load_study(folder: Path) -> object:
    """A learning curve that has ended: its table, its page and its tasks."""
    tasks = [load_task(path.parent) for path in folder.glob("*/config.json") if path.parent.name != "next"]
    return _load_file(folder / "table.json"), _load_file(folder / "report.html"), tasks[0]


def _with(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


_TINY = ["bilm.lstm.cell_size=16", "bilm.lstm.projection_size=8", "rows=2", "window=5", "log_every=1"]
_PRETRAIN = ["pretrain", "--corpus", "text.txt", "--recipe", "small.toml", "--max-steps", "12"]
_PRETRAIN += _with([*_TINY, "checkpoint_minutes=1e-9"])
_TRAIN = ["train", "--task", "classify", "--train", "a.jsonl", "--dev", "a.jsonl", "--baseline"]
_TRAIN += _with(["cell_size=4", "inputs.word_size=4", "inputs.character_size=4", "batch_size=4", "epochs=4"])
_EMBED = ["embed", "text.txt", "-m", "m"]
_PROBE = ["probe", "m", "data", "--probes", "pos", "--seeds", "1", "--no-random", "--noise", "0"]
_CHANGE = ["change", "m", "text.txt", "text.txt", "--min-count", "2", "--permutations", "5"]
_FORCE = "--force"
COMMANDS = (
    Command("train", [*_TRAIN, "-o", "task", _FORCE], "task", load_task),
    Command("train, seeds", [*_TRAIN, "--seeds", "2", "-o", "study", _FORCE], "study", _load_study),
    Command("train, new", [*_TRAIN, "-o", "new-task"], "new-task", load_task, True, ["train", "--resume", "-o", "new-task"]),
    Command("evaluate", ["evaluate", "task", "a.jsonl", "--report", "scores.html"], "scores.html", _load_file, True),
    Command("pretrain", [*_PRETRAIN, "-o", "run"], "run", _load_run, True, ["pretrain", "--resume", "-o", "run"]),
    Command("report", ["report", "finished", "-o", "report.html", _FORCE], "report.html", _load_file),
    Command("embed, npz", [*_EMBED, "-o", "v.npz", _FORCE], "v.npz", _load_file),
    Command("embed, hdf5", [*_EMBED, "-o", "v.hdf5", _FORCE], "v.hdf5", _load_file),
    Command("embed, folder", [*_EMBED, "-o", "v"], "v", open_vectors, True, [*_EMBED, "-o", "v", "--resume"]),
    Command("neighbours", ["neighbours", "m", "text.txt", "The [bank]", "--index", "index", _FORCE], "index", _load_index),
    Command("convert", ["convert", "m", "c", "--to", "allennlp", _FORCE], "c", load_model),
    Command("convert, native", ["convert", "c", "n", "--to", "native", _FORCE], "n", load_model),
    Command("tokenize", ["tokenize", "text.txt", "-o", "tokens.txt", _FORCE], "tokens.txt", _load_file),
    Command("to-static", ["to-static", "m", "text.txt", "--min-count=2", "-o", "s.txt", _FORCE], "s.txt", read_static_vectors),
    Command("perplexity", ["perplexity", "m", "text.txt", "--by-document", "d.tsv", _FORCE], "d.tsv", _load_file),
    Command("change", [*_CHANGE, "-o", "changes", _FORCE], "changes", _load_files),
    Command("probe", [*_PROBE, "-o", "probes", _FORCE], "probes", _load_files),
    Command("demo", ["demo", "-m", "m", "-o", "demo", _FORCE], "demo", _load_files),
    Command("examples", ["examples", "examples"], "examples", _load_files, True),
)  # fmt: skip
FIRST = Command("the run of the report", [*_PRETRAIN, "-o", "finished"], "finished", _load_run)  # an input of others
