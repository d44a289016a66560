"""A trained task as a folder, and as a thing to call.

config.json          recipe, labels, and which biLM it stands on
model.safetensors    its weights, without those of the biLM
words.txt            the words that it knows by a vector of their own
vectors.txt          the words that it knows by a static vector, if there are
elmo/                the biLM, unless it is one of the package's
README.md            card
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, PositiveInt, ValidationError

from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.saved_model import fingerprint
from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, TextError
from elmo.storage.atomic import atomic_write
from elmo.storage.json_files import require_json
from elmo.tasks.batches import LayersOf, TableSizes, Words
from elmo.tasks.data.static_words import StaticWords
from elmo.tasks.data.tags import Scheme
from elmo.tasks.examples import Example, distinct
from elmo.tasks.fit import data_of, predict_all
from elmo.tasks.kinds.kind import KnownLabels
from elmo.tasks.kinds.registry import AnyTaskConfig, kind_of, read_gold
from elmo.tasks.kinds.task_model import TaskModel
from elmo.tasks.predictions import Prediction
from elmo.tasks.scoring.bootstrap import Counts

CONFIG_FILE, WEIGHTS_FILE, WORDS_FILE, ELMO_FOLDER = "config.json", "model.safetensors", "words.txt", "elmo"
VECTORS_FILE = "vectors.txt"
AT_ONCE = 256  # texts that are embedded and labelled together


class ElmoReference(BaseModel, frozen=True, extra="forbid"):
    """Which biLM a task stands on."""

    source: str  # the name of a bundled model, or `elmo`, the folder within
    fingerprint: str
    n_layers: PositiveInt  # L
    width: PositiveInt  # D


class VectorsReference(BaseModel, frozen=True, extra="forbid"):
    """The static vectors of a task."""

    source: str  # name of the file
    checksum: str  # of it
    width: PositiveInt  # S


class TaskFile(BaseModel, frozen=True, extra="forbid"):
    """The `config.json` of a task."""

    format: Literal["elmo task"] = "elmo task"
    version: Literal[1] = 1
    config: AnyTaskConfig
    labels: list[str]
    scheme: Scheme | None  # of the tags it was trained on; None: no spans
    elmo: ElmoReference | None
    vectors: VectorsReference | None = None
    training: dict[str, Any] = {}  # facts for the reader; nothing depends on them

    @property
    def known_labels(self) -> KnownLabels:
        """What the task can predict."""
        return KnownLabels(self.labels, self.scheme)


def fresh_model(file: TaskFile, tables: TableSizes) -> TaskModel[Prediction]:
    """The model of a task with fresh weights."""
    shape = (file.elmo.n_layers, file.elmo.width) if file.elmo else None
    model: TaskModel[Prediction] = kind_of(file.config).build(file.config, file.known_labels, tables, shape)
    return model


@dataclass
class TrainedTask:
    """A trained task: `task(["text", ...])` gives a prediction for each text."""

    file: TaskFile
    model: TaskModel[Prediction]
    words: Words
    elmo: Elmo | None

    def __call__(self, texts: Iterable[object]) -> list[Prediction]:
        """Predict.

        Args:
            texts: see `Kind.example`; an empty one has no tag, and every label alike.
        Returns:
            for each text `Tagged`, `Labelled` or `Scored`; character offsets are those of the string, or of the tokens with a
            blank between.
        Raises:
            TextError: not a list of texts.
        """
        if isinstance(texts, str | bytes):
            raise TextError("a task takes a list of texts; write task([text])")
        kind, config = kind_of(self.file.config), self.file.config
        return self.predict([kind.example(config, text, i, f"text {i}") for i, text in enumerate(texts, 1)])

    def predict(self, examples: Sequence[Example]) -> list[Prediction]:
        """A prediction for each example."""
        found: list[Prediction] = []
        for start in range(0, len(examples), AT_ONCE):
            block = examples[start : start + AT_ONCE]
            some = [e for e in block if e.tokens]
            layers_of = None if self.elmo is None else self._layers
            predictions = iter(
                predict_all(self.model, data_of(some, layers_of), self.words, self.file.config) if some else []
            )
            found += [next(predictions) if e.tokens else self.model.predict_empty() for e in block]
        return found

    def _layers(self, examples: Sequence[Example]) -> LayersOf:
        assert self.elmo is not None
        sentences, which = distinct(examples)
        layers = self.elmo.embed([[t.text for t in e.tokens] for e in sentences], layers="all")
        return lambda number: layers[which[number]]

    def read(self, path: Path) -> list[Example]:
        """Labelled examples of a file, as the task was trained on.

        Raises:
            TextError: see `read_gold`.
        """
        return read_gold(self.file.config, self.file.known_labels, path)

    def counts(self, examples: Sequence[Example]) -> Counts:
        """What the scores of examples are made of (n, C); `model.scores` makes scores of their sums."""
        return self.model.counts(examples, self.predict(examples))

    def main_score(self, sums: Counts) -> NDArray[np.float64]:
        """The score by which such tasks are compared, in percent, of sums of counts (..., C)."""
        return self.model.scores(sums)[self.model.main_score]


def save_task(task: TrainedTask, folder: Path, card: str) -> None:
    """Write a task into a folder, its `config.json` last, so that what can be loaded is whole.

    Raises:
        OutputError: it cannot be written.
    """
    if task.elmo is not None and task.file.elmo is not None and task.file.elmo.source == ELMO_FOLDER:
        with atomic_write(folder / ELMO_FOLDER) as part:
            save_native(task.elmo.model, part)
    with atomic_write(folder / WEIGHTS_FILE) as part:
        write_tensors(task.model.state_dict(), part)
    static = task.words.static
    for name, words in ((WORDS_FILE, task.words.words), (VECTORS_FILE, None if static is None else static.words)):
        if words is not None:
            with atomic_write(folder / name) as part:
                part.write_text("".join(f"{word}\n" for word in words), "utf-8", "surrogatepass", newline="\n")
    with atomic_write(folder / "README.md") as part:
        part.write_text(card, encoding="utf-8")
    with atomic_write(folder / CONFIG_FILE) as part:
        part.write_text(task.file.model_dump_json(indent=1) + "\n", encoding="utf-8")


def reference_to(elmo: Elmo, source: str) -> ElmoReference:
    """What a task keeps of its biLM."""
    return ElmoReference(source=source, fingerprint=fingerprint(elmo.model), n_layers=elmo.n_layers, width=elmo.width)


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "surrogatepass").split("\n")[:-1]
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read ({error}); train the task anew") from error


def load_task(folder: str | Path, *, dtype: str = "float32") -> TrainedTask:
    """Load a trained task.

    Args:
        dtype: of the biLM's matrix products, see `Elmo.from_pretrained`.
    Raises:
        CheckpointError: the folder holds no whole task, or the biLM is another one than it was trained with.
    """
    path = Path(folder)
    content = require_json(
        path / CONFIG_FILE,
        "a trained task has one; a training that was stopped goes on with --resume",
        CheckpointError,
    )
    try:
        file = TaskFile.model_validate(content)
    except ValidationError as error:
        raise CheckpointError(f"{path / CONFIG_FILE}: no task ({error.errors()[0]['msg']}); train it anew") from error
    elmo = None
    if file.elmo is not None:
        source = path / ELMO_FOLDER if file.elmo.source == ELMO_FOLDER else file.elmo.source
        elmo = Elmo.from_pretrained(source, dtype=dtype)
        if fingerprint(elmo.model) != file.elmo.fingerprint:
            raise CheckpointError(
                f"{path}: the biLM {file.elmo.source!r} is another one than the task was trained with; train it anew"
            )
    static = None if file.vectors is None else StaticWords(_read_words(path / VECTORS_FILE), file.vectors.width)
    words = Words(_read_words(path / WORDS_FILE), static)
    model = fresh_model(file, words.sizes)
    try:
        model.load_state_dict(read_tensors(path / WEIGHTS_FILE))
    except RuntimeError as error:
        raise CheckpointError(
            f"{path / WEIGHTS_FILE}: does not fit its config ({' '.join(str(error).split())[:200]})"
        ) from error
    with torch.no_grad():
        model.eval()
    return TrainedTask(file, model, words, elmo)
