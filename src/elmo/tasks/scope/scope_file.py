"""The scope of a task in its folder.

scope.json          how features become a score, the threshold, the calibration scores; texts and labels of training examples
scope.safetensors   the Gaussians of the labels, the directions of the training examples
"""

from collections.abc import Set
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, Field, NonNegativeInt, ValidationError
from torch import nn

from elmo.checkpoints.saved_model import SavedModel
from elmo.checkpoints.tensors import check_tensors, read_tensors, write_tensors
from elmo.errors import CheckpointError, setting_name
from elmo.storage.atomic import atomic_write
from elmo.storage.json_files import require_json
from elmo.tasks.kinds.label_model import LabelModel
from elmo.tasks.scope.distances import Gaussians, Neighbours
from elmo.tasks.scope.scope import SURPRISAL, Scope, ScopeRule

SCOPE_FILE, SCOPE_TENSORS = "scope.json", "scope.safetensors"
_ADVICE = "train the task again"


class ScopeReference(BaseModel, frozen=True, extra="forbid"):
    """What the `config.json` of a task says of its scope."""

    version: Literal[1] = 1
    width: int = Field(ge=1, le=2**20)  # F, of the last layer
    n_examples: int = Field(ge=1, le=2**20)  # M


class ScopeFile(BaseModel, frozen=True, extra="forbid"):
    """The `scope.json` of a task."""

    rule: ScopeRule
    texts: list[str]  # of the training examples
    labels: list[NonNegativeInt]  # their numbers


def scope_reference(scope: Scope) -> ScopeReference:
    """What a task says of its scope."""
    M, F = scope.neighbours.directions.shape
    return ScopeReference(width=F, n_examples=M)


def save_scope(scope: Scope, folder: Path) -> None:
    """Write a scope into the folder of a task.

    Raises:
        OutputError: it cannot be written.
    """
    tensors = {
        "whitening": scope.gaussians.whitening,
        "means": scope.gaussians.means,
        "directions": scope.neighbours.directions.half(),
    }
    with atomic_write(folder / SCOPE_TENSORS) as part:
        write_tensors(tensors, part)
    file = ScopeFile(rule=scope.rule, texts=list(scope.texts), labels=scope.neighbours.labels.tolist())
    with atomic_write(folder / SCOPE_FILE) as part:
        part.write_text(file.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_scope(folder: Path, reference: ScopeReference, model: nn.Module, bilm: SavedModel | None) -> Scope:
    """The scope of a task.

    Args:
        model: of the task. bilm: None: there is none.
    Raises:
        CheckpointError: it is missing, damaged, or of another task.
    """
    content = require_json(folder / SCOPE_FILE, _ADVICE, CheckpointError)
    try:
        file = ScopeFile.model_validate(content)
    except ValidationError as error:
        where = setting_name(error.errors()[0]["loc"])
        message = error.errors()[0]["msg"][:300]
        raise CheckpointError(f"{folder / SCOPE_FILE}: not a scope ({where}: {message}); {_ADVICE}") from error
    F = reference.width
    width = model.last_width if isinstance(model, LabelModel) else None
    if not isinstance(model, LabelModel) or width != F:
        raise CheckpointError(
            f"{folder / SCOPE_FILE}: for a last layer of {F:,} numbers, but that of the task has {width or 'none'}; {_ADVICE}"
        )
    missing = set(file.rule.features) - _known_features(model, bilm)
    if missing:
        raise CheckpointError(f"{folder / SCOPE_FILE}: the task has no {' and no '.join(sorted(missing))}; {_ADVICE}")
    n_labels, M = len(model.labels), reference.n_examples
    if {len(file.texts), len(file.labels)} != {M} or max(file.labels) >= n_labels:
        raise CheckpointError(
            f"{folder / SCOPE_FILE}: {len(file.texts):,} texts and {len(file.labels):,} labels do not fit the task; {_ADVICE}"
        )
    tensors = read_tensors(folder / SCOPE_TENSORS)
    expected = {"whitening": (F, F), "means": (n_labels, F), "directions": (M, F)}
    check_tensors(expected, tensors, f"{folder / SCOPE_TENSORS}: does not fit its task", _ADVICE)
    return Scope(
        file.rule,
        Gaussians(tensors["whitening"].float(), tensors["means"].float()),
        Neighbours(tensors["directions"].float(), torch.tensor(file.labels, dtype=torch.int64)),
        file.texts,
    )


def _known_features(model: LabelModel, bilm: SavedModel | None) -> Set[str]:
    """The features that a task can compute."""
    found = {"probability", "mahalanobis", "nearest"}
    if model.ngrams is not None:
        found.add("ngrams")
    if bilm is not None and bilm.softmax is not None and bilm.vocabulary is not None:
        found.add(SURPRISAL)
    return found
