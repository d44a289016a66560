"""All that a resume needs beside the model: optimizer, LSTM state of every row, random state, place in the text."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from pydantic import BaseModel, Field, NonNegativeInt
from torch import Tensor
from torch.optim import Adagrad, Optimizer

from elmo.checkpoints.native import StorageType, load_native, write_model_files
from elmo.checkpoints.saved_model import SavedModel
from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.errors import CheckpointError, TrainingError
from elmo.model.bilm import BiLMState
from elmo.model.lstm import LSTMState, state_shapes
from elmo.text.files import read_json, written_whole
from elmo.text.windows import TextPosition

STATE_FILE = "run_state.safetensors"
PLACE_FILE = "run_state.json"
_LSTM = ("lstm.forward.hidden", "lstm.forward.cell", "lstm.backward.hidden", "lstm.backward.cell")
_ROWS = ("position.sentence", "position.place")
_WHAT_IS_ASKED = "this run's run.json asks for; remove the folder, or start a run anew"
_NAME = re.compile(r"step-(\d{9})")


class Place(BaseModel, frozen=True, extra="forbid"):
    """Where a run stands."""

    step: NonNegativeInt = 0  # updates done
    sentences: NonNegativeInt = 0  # handed to rows so far, all epochs together
    seconds: float = Field(0.0, ge=0)  # of training, all sessions of the run together


def save_checkpoint(
    folder: Path,
    model: SavedModel,
    optimizer: Optimizer,
    state: BiLMState,
    place: Place,
    position: TextPosition,
    keep: int,
) -> Path:
    """Write a checkpoint, whole or not at all, and drop all but the last `keep`. It is a model folder with more in it."""
    tensors: dict[str, Tensor] = dict(zip(_LSTM, (*state.forward, *state.backward), strict=True))
    for number, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": value for name, value in values.items()}
    tensors |= dict(zip(_ROWS, map(torch.from_numpy, (position.sentence, position.place)), strict=True))
    tensors["random"] = torch.get_rng_state()
    target = folder / f"step-{place.step:09d}"
    storage: StorageType = "float32"
    with written_whole(target) as part:
        part.mkdir()
        write_model_files(model, part, storage)
        write_tensors(tensors, part / STATE_FILE)
        (part / PLACE_FILE).write_text(place.model_dump_json() + "\n", encoding="ascii")
    for old in checkpoints_of(folder)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def checkpoints_of(folder: Path) -> list[Path]:
    """The checkpoints in a run's folder, oldest first."""
    return sorted(p for p in folder.glob("step-*") if _NAME.fullmatch(p.name)) if folder.is_dir() else []


def load_checkpoint(
    folder: Path, expected: SavedModel, n_rows: int, optimizer_of: Callable[[SavedModel], Optimizer]
) -> tuple[SavedModel, Optimizer, BiLMState, Place, TextPosition]:
    """Load a checkpoint; sets the random state.

    Args:
        folder: one of `checkpoints_of`.
        expected: a model of the shape that the run trains.
        n_rows: B of the run.
        optimizer_of: makes the optimizer for the loaded model.
    Raises:
        CheckpointError: a file is missing or broken. TrainingError: it belongs to another run.
    """
    model = load_native(folder)
    shapes = (model.config.bilm, model.config.n_words)
    if shapes != (expected.config.bilm, expected.config.n_words):
        raise TrainingError(f"{folder}: this checkpoint is of another model than {_WHAT_IS_ASKED}")
    optimizer = optimizer_of(model)
    try:
        tensors = read_tensors(folder / STATE_FILE)
        place = Place.model_validate(read_json(folder / PLACE_FILE))
        halves = [tensors.pop(name) for name in _LSTM]
        rows = [tensors.pop(name).numpy() for name in _ROWS]
        torch.set_rng_state(tensors.pop("random"))
        values: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            _, number, key = name.split(".", 2)
            values.setdefault(int(number), {})[key] = tensor
    except (OSError, CheckpointError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"{folder}: the state of the run cannot be read ({_line(error)}); remove this folder to resume from the one before"
        ) from error
    if [tuple(t.shape) for t in halves] != [*2 * state_shapes(model.config.bilm.lstm, n_rows)] or not _fits(
        values, optimizer, place.step
    ):
        raise TrainingError(f"{folder}: this checkpoint has another optimizer or other rows than {_WHAT_IS_ASKED}")
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": values, "param_groups": groups})
    state = BiLMState(LSTMState(*halves[:2]), LSTMState(*halves[2:]))
    return model, optimizer, state, place, TextPosition(place.sentences, *rows)


def _fits(values: dict[int, dict[str, Tensor]], optimizer: Optimizer, n_steps: int) -> bool:
    """Whether an optimizer of this kind would have kept such values for these parameters."""
    kept = {"step", "sum"} if isinstance(optimizer, Adagrad) else {"step", "exp_avg", "exp_avg_sq"}
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    if n_steps == 0:
        return not values or isinstance(optimizer, Adagrad)
    return set(values) == set(range(len(parameters))) and all(
        set(own) == kept and all(t.shape == p.shape for name, t in own.items() if name != "step")
        for own, p in ((values[number], p) for number, p in enumerate(parameters))
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
