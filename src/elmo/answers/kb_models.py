"""The models of a knowledge base: the one whose vectors are compared, and the task that reads."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from elmo.answers.entry_store import Vectors
from elmo.answers.kb_file import ELMO_FOLDER, FAQ_KINDS, KBSettings, SourceKind, read_kb_file
from elmo.answers.source_files import Entry
from elmo.checkpoints.load import DEFAULT_MODEL, is_bundled
from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers
from elmo.errors import ConfigError
from elmo.tasks.kinds.qa.settings import QAConfig
from elmo.tasks.saved_task import TrainedTask, load_task


def load_qa(task: str | Path | TrainedTask) -> TrainedTask:
    """A trained task of kind `qa`.

    Raises:
        CheckpointError: there is none. ConfigError: it is of another kind.
    """
    found = task if isinstance(task, TrainedTask) else load_task(task)
    if not isinstance(found.file.config, QAConfig):
        raise ConfigError(
            f"{task if not isinstance(task, TrainedTask) else 'qa'}: a task of kind {found.file.config.task}; a knowledge base "
            "is read by one of kind qa (elmo train --task qa)"
        )
    return found


def model_for(model: str | Path | Elmo | None, kb: Path | None) -> tuple[Elmo, str]:
    """The model, and how a knowledge base names it."""
    if isinstance(model, Elmo):
        return model, ELMO_FOLDER
    if model is None and kb is not None:
        named = read_kb_file(kb).settings.model
        return Elmo.from_pretrained(named if is_bundled(named) else kb / ELMO_FOLDER), named
    source = DEFAULT_MODEL if model is None else model
    return Elmo.from_pretrained(source), str(source) if is_bundled(source) else ELMO_FOLDER


def layers_of(settings: KBSettings) -> Layers:
    """The layers whose mean is compared."""
    found: Layers = json.loads(settings.layers)
    return found


def embed_words(elmo: Elmo, texts: Sequence[Sequence[str]], settings: KBSettings) -> Vectors:
    """The mean vectors of tokenized texts, of length 1: float32 (texts, D); zeros for a text without tokens."""
    found = np.stack(elmo.embed([list(words) for words in texts], layers_of(settings), "mean"))
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    normalized: Vectors = (found / np.where(norms > 0, norms, 1)).astype(np.float32)
    return normalized


def words_of_entry(entry: Entry, kind: SourceKind, elmo: Elmo) -> list[str]:
    """The words by which an entry is embedded: those of the passage, or of the question if there is one."""
    text = entry.title if kind in FAQ_KINDS and entry.title else entry.view.text
    return [token.text for token in elmo.tokenize(text)]
