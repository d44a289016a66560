"""Everything that a resume needs besides the model: optimizer, state of every row, position in the text, step.

No random state is kept: what is random in a step depends on the seed and the step's number.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, Field, NonNegativeInt, SerializerFunctionWrapHandler, model_serializer
from torch import Tensor

from elmo.checkpoints.formats.native import load_native, write_model_files
from elmo.checkpoints.saved_model import SavedModel
from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.errors import CheckpointError, TrainingError, reason_of
from elmo.model.encoders.state import BiLMState
from elmo.storage.atomic import atomic_write, remove_whole
from elmo.storage.json_files import read_json
from elmo.text.windows import TextPosition
from elmo.train.optimizers import WeightUpdate

STATE_FILE = "run_state.safetensors"
PROGRESS_FILE = "run_state.json"
BEST = "best"
_ROWS = ("position.sentence", "position.place")
_OPTIMIZER = "optimizer."
_OBJECTIVE = "objective."
_EXPECTED = "the run.json of this run; remove the folder, or start a new run"
_OF_ADAPTATIONS = ("best_step", "mixed_sentences")
_NAME = re.compile(r"step-(\d{9})")


class RunProgress(BaseModel, frozen=True, extra="forbid"):
    """The progress of a run."""

    step: NonNegativeInt = 0  # windows read
    sentences: NonNegativeInt = 0  # given to rows so far, over all epochs
    seconds: float = Field(0.0, ge=0)  # seconds of training, over all sessions
    skipped_steps: NonNegativeInt = 0  # with a non-finite loss or gradient
    best: float | None = None  # lowest held-out perplexity so far, mean of both directions
    best_step: NonNegativeInt = 0  # of an adaptation: where that was
    mixed_sentences: NonNegativeInt = 0  # of the old text given to rows so far

    @model_serializer(mode="wrap")
    def _without_what_is_not_used(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Older programs read the progress of a run that adapts nothing."""
        return {name: value for name, value in handler(self).items() if value or name not in _OF_ADAPTATIONS}


@dataclass(frozen=True)
class RunState:
    """Progress, state and text position of a run."""

    progress: RunProgress
    state: BiLMState  # of all rows
    position: TextPosition


def save_checkpoint(
    folder: Path,
    model: SavedModel,
    update: WeightUpdate,
    run: RunState,
    keep: int,
    own: Mapping[str, Tensor] = MappingProxyType({}),
) -> Path:
    """Write a checkpoint, atomically, and delete all but the last `keep`. It is a model folder with additional files.

    Args:
        own: tensors of the objective (`Objective.own_tensors`).
    """
    prefix = _state_prefix(model)
    tensors = {prefix + name: t for name, t in run.state.named_tensors().items()}
    rows = (run.position.sentence, run.position.n_done)
    tensors |= {name: torch.from_numpy(array) for name, array in zip(_ROWS, rows, strict=True)}
    tensors |= {_OPTIMIZER + name: value for name, value in update.moments().items()}
    tensors |= {_OBJECTIVE + name: value for name, value in own.items()}
    target = folder / f"step-{run.progress.step:09d}"
    with atomic_write(target) as part:
        part.mkdir()
        write_model_files(model, part, "float32")
        write_tensors(tensors, part / STATE_FILE)
        (part / PROGRESS_FILE).write_text(run.progress.model_dump_json() + "\n", encoding="ascii")
    for old in checkpoints_of(folder)[:-keep]:
        remove_whole(old)
    return target


def _state_prefix(model: SavedModel) -> str:
    """The prefix of the names of a state's tensors: `lstm.`, then `forward.hidden` and so on."""
    return f"{model.config.bilm.encoder.kind}."


def save_best(folder: Path, model: SavedModel) -> Path:
    """Write the model with the best held-out perplexity so far, whole or not at all."""
    with atomic_write(folder / BEST) as part:
        part.mkdir()
        write_model_files(model, part, "float32")
    return folder / BEST


def checkpoints_of(folder: Path) -> list[Path]:
    """The checkpoints in a run's folder that can be resumed from, oldest first."""
    return sorted(p for p in folder.glob("step-*") if _NAME.fullmatch(p.name)) if folder.is_dir() else []


def load_model_of(folder: Path, expected: SavedModel) -> SavedModel:
    """The model of a checkpoint.

    Args:
        expected: a model of the shape that the run trains.
    Raises:
        CheckpointError: a file is missing or broken. TrainingError: it is of another model.
    """
    model = load_native(folder)
    shapes = [(config.bilm, config.n_words, config.adaptive_cutoffs) for config in (model.config, expected.config)]
    if shapes[0] != shapes[1]:
        raise TrainingError(f"{folder}: the model of this checkpoint differs from {_EXPECTED}")
    if _words_of(model) != _words_of(expected):
        raise TrainingError(f"{folder}: the vocabulary or alphabet of this checkpoint differs from {_EXPECTED}")
    return model


def _words_of(model: SavedModel) -> list[Sequence[str]]:
    """Words of the softmax, characters, input words: the meaning of the ids of a model."""
    alphabet, input_words = model.lexicon
    words = [() if known is None else known.words for known in (model.vocabulary, input_words)]
    return [*words, () if alphabet is None else alphabet.characters]


def load_run_state(
    folder: Path,
    model: SavedModel,
    update: WeightUpdate,
    n_rows: int,
    n_still: Callable[[int], int] = lambda step: 0,
    own: Mapping[str, Tensor] = MappingProxyType({}),
) -> RunState:
    """The progress, state and text position of a checkpoint; sets the moments of the optimizers and the objective's own tensors.

    Args:
        folder: one of `checkpoints_of`. model: from `load_model_of`. n_rows: B of the run.
        n_still: steps done -> how many of the last of `update.dense` have not been trained.
        own: of the objective (`Objective.own_tensors`); they are overwritten.
    Raises:
        CheckpointError: a file is missing or broken. TrainingError: it belongs to another run.
    """
    try:
        tensors = read_tensors(folder / STATE_FILE)
        progress = RunProgress.model_validate(read_json(folder / PROGRESS_FILE))
        start = model.bilm.start_state(n_rows)
        prefix = _state_prefix(model)
        state = start.with_tensors({name: tensors.pop(prefix + name) for name in start.named_tensors()})
        rows = [tensors.pop(name).numpy() for name in _ROWS]
        kept = {name: tensors.pop(_OBJECTIVE + name) for name in own}
        if any(array.dtype != np.int64 or array.shape != (len(rows[0]),) for array in rows):
            raise ValueError("the position in the text is invalid")
    except (OSError, CheckpointError, ValueError, TypeError, KeyError, RuntimeError) as error:
        reason = reason_of(error)
        raise CheckpointError(
            f"{folder}: the state of the run cannot be read ({reason}); remove this folder to resume from the one before"
        ) from error
    shapes = [[t.shape for t in each.tensors()] for each in (state, start)]
    if shapes[0] != shapes[1] or len(rows[0]) != n_rows:
        raise TrainingError(f"{folder}: the rows of this checkpoint differ from {_EXPECTED}")
    try:
        moments = {name.removeprefix(_OPTIMIZER): value for name, value in tensors.items()}
        update.set_moments(moments, progress.step > 0, n_still(progress.step))
    except CheckpointError as error:
        raise TrainingError(
            f"{folder}: the optimizer of this checkpoint ({reason_of(error)}) differs from {_EXPECTED}"
        ) from error
    if any(kept[name].shape != t.shape for name, t in own.items()):
        raise TrainingError(f"{folder}: the objective of this checkpoint differs from {_EXPECTED}")
    with torch.no_grad():
        for name, t in own.items():
            t.copy_(kept[name])
    device = update.dense[0].device
    return RunState(
        progress,
        state.map(lambda t: t.to(device)),
        TextPosition(progress.sentences, rows[0], rows[1], progress.mixed_sentences),
    )
