"""The interface of a format of model files: how its files are recognised, found, loaded and saved.

A new format is one module with one object of this kind, and one line in `known.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import CheckpointError
from elmo.model.config import BiLMConfig
from elmo.model.encoders.lstm.settings import LSTMConfig

MAC_PREFIX = "._"  # of files that a Mac lays beside the files of a folder; they belong to no model
SaveModel = Callable[[SavedModel, Path], None]


class ModelLocation(NamedTuple):
    """The location of a model's files, and their format."""

    format: "CheckpointFormat"
    folder: Path
    options: Path | None = None  # of a format whose models are a pair of files
    weights: Path | None = None


@dataclass(frozen=True)
class CheckpointFormat:
    """One format of model files."""

    name: str  # in `elmo info` and `elmo convert --to`
    looked_for: str  # the files that make a model, for messages
    marker: str  # a file that every folder of this format holds by this name, or its usual name
    patterns: tuple[str, ...]  # names of all files that belong to such a model

    # The model in a folder, not in folders within it; None: there is none.
    # CheckpointError: there is one, and it is not whole.
    find: Callable[[Path], ModelLocation | None]

    # The model. Where `takes_vocabulary`, the vocabulary file to take instead of what lies beside it; else None.
    # CheckpointError: its files are broken, or do not fit each other.
    load: Callable[[ModelLocation, Path | None], SavedModel]
    takes_vocabulary: bool = False

    # Writes a model into a new folder, whole or not at all. CheckpointError: the format cannot hold this model.
    save: SaveModel | None = None
    # Parts of a model that this format cannot hold, a phrase each.
    left_out: Callable[[SavedModel], list[str]] = lambda model: []
    # What to know of a model that was saved; "": nothing.
    note: Callable[[SavedModel], str] = lambda model: ""

    # Of a format whose models are pairs of files: the model of one of its files; None: the file is of another kind.
    find_by_file: Callable[[Path], ModelLocation | None] = lambda file: None
    # Of the same: the model of a file (or folder) of options and of a file of weights.
    find_pair: Callable[[Path, Path], ModelLocation] | None = None
    # What is wrong with a folder in which nothing was found although files of this format lie there; "": nothing.
    why_not: Callable[[Path], str] = lambda folder: ""


def lstm_of(config: BiLMConfig) -> LSTMConfig:
    """The encoder of a model in a published format; all of these hold LSTMs.

    Raises:
        CheckpointError: it is another one.
    """
    if not isinstance(config.encoder, LSTMConfig):
        raise CheckpointError(f"this format stores LSTMs, the encoder of this model is {config.encoder.kind}")
    return config.encoder


def parts_beside_the_bilm(model: SavedModel) -> list[str]:
    """The parts of a model besides its biLM: softmax, vocabulary, warm state, card."""
    parts = {"softmax": model.softmax, "vocabulary": model.vocabulary, "warm state": model.warm, "card": model.card}
    return [name for name, part in parts.items() if part is not None]
