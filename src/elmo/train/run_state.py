"""All that a resume needs beside the model: optimizer, LSTM state of every row, random state, place in the text."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Optimizer

from elmo.checkpoints.native import StorageType, load_native, write_model_files
from elmo.checkpoints.saved_model import SavedModel
from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.errors import CheckpointError, TrainingError
from elmo.model.bilm import BiLMState
from elmo.model.lstm import LSTMState
from elmo.text.files import written_whole

STATE_FILE = "run_state.safetensors"
PLACE_FILE = "run_state.json"
_LSTM = ("lstm.forward.hidden", "lstm.forward.cell", "lstm.backward.hidden", "lstm.backward.cell")
_NAME = re.compile(r"step-(\d{9})")


@dataclass(frozen=True)
class Place:
    """Where a run stands."""

    step: int = 0  # updates done
    epoch: int = 0
    window: int = 0  # windows of this epoch done
    seconds: float = 0.0  # of training, all sessions of the run together


def save_checkpoint(
    folder: Path, model: SavedModel, optimizer: Optimizer, state: BiLMState, place: Place, keep: int
) -> Path:
    """Write a checkpoint, whole or not at all, and drop all but the last `keep`. It is a model folder with more in it."""
    tensors: dict[str, Tensor] = dict(zip(_LSTM, (*state.forward, *state.backward), strict=True))
    for number, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": value for name, value in values.items()}
    tensors["random"] = torch.get_rng_state()
    target = folder / f"step-{place.step:09d}"
    storage: StorageType = "float32"
    with written_whole(target) as part:
        part.mkdir()
        write_model_files(model, part, storage)
        write_tensors(tensors, part / STATE_FILE)
        (part / PLACE_FILE).write_text(json.dumps(asdict(place)) + "\n", encoding="ascii")
    for old in checkpoints_of(folder)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def checkpoints_of(folder: Path) -> list[Path]:
    """The checkpoints in a run's folder, oldest first."""
    return sorted(p for p in folder.glob("step-*") if _NAME.fullmatch(p.name)) if folder.is_dir() else []


def load_checkpoint(
    folder: Path, optimizer_of: Callable[[SavedModel], Optimizer]
) -> tuple[SavedModel, Optimizer, BiLMState, Place]:
    """Load a checkpoint; sets the random state.

    Args:
        folder: one of `checkpoints_of`.
        optimizer_of: makes the optimizer for the loaded model.
    Raises:
        CheckpointError: a file is missing or broken. TrainingError: it belongs to another optimizer.
    """
    model = load_native(folder)
    try:
        tensors = read_tensors(folder / STATE_FILE)
        place = Place(**json.loads((folder / PLACE_FILE).read_text(encoding="ascii")))
        state = BiLMState(
            LSTMState(tensors.pop(_LSTM[0]), tensors.pop(_LSTM[1])),
            LSTMState(tensors.pop(_LSTM[2]), tensors.pop(_LSTM[3])),
        )
        torch.set_rng_state(tensors.pop("random"))
    except (OSError, CheckpointError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"{folder}: the state of the run cannot be read ({error!r}); remove this folder to resume from the one before"
        ) from error
    optimizer = optimizer_of(model)
    values: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        _, number, key = name.split(".", 2)
        values.setdefault(int(number), {})[key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    if (
        optimizer.state_dict()["state"]
        and values
        and set(next(iter(values.values()))) != set(optimizer.state_dict()["state"][0])
    ):
        raise TrainingError(f"{folder}: this checkpoint was written with another optimizer; keep the recipe of the run")
    optimizer.load_state_dict({"state": values, "param_groups": groups})
    return model, optimizer, state, place
