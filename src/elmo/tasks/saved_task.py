"""A trained task as a folder, and as a callable.

config.json          recipe, labels, and the biLM it was trained with
model.safetensors    its weights, without those of the biLM
words.txt            the words with a learned vector
vectors.txt          the words with a static vector, if there are any
scope.json, scope.safetensors  whether a text has one of the labels, if the task decides it (`scope/scope_file.py`)
elmo/                the biLM, unless it is one of the package's
README.md            card
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import bundled_models, is_bundled
from elmo.checkpoints.model_files import check_files
from elmo.checkpoints.saved_model import fingerprint
from elmo.checkpoints.tensors import check_tensors, read_tensors, write_tensors
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, ConfigError, TextError, reason_of, setting_name
from elmo.model.shapes_only import shapes_only
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.storage.json_files import require_json
from elmo.tasks.batches import LayersOf, TableSizes, Words
from elmo.tasks.data.static_words import StaticWords
from elmo.tasks.evaluation import evaluation_of
from elmo.tasks.examples import Example, distinct
from elmo.tasks.fit import data_of, predict_all
from elmo.tasks.kinds.label_model import LabelModel
from elmo.tasks.kinds.registry import comparable, kind_of, read_gold
from elmo.tasks.kinds.task_model import TaskModel
from elmo.tasks.predictions import InScope, Labelled, Prediction
from elmo.tasks.results import Evaluation
from elmo.tasks.scope.evidence import evidence_of
from elmo.tasks.scope.scope import Scope
from elmo.tasks.scope.scope_file import SCOPE_FILE, SCOPE_TENSORS, load_scope, save_scope
from elmo.tasks.scoring.bootstrap import Counts
from elmo.tasks.task_file import ElmoReference, TaskFile, task_card

CONFIG_FILE, WEIGHTS_FILE, WORDS_FILE, ELMO_FOLDER = "config.json", "model.safetensors", "words.txt", "elmo"
VECTORS_FILE = "vectors.txt"
AT_ONCE = 256  # texts that are embedded and labelled together
NOWHERE = InScope(score=0.0, inside=False, features={})  # the verdict on a text without tokens


def fresh_model(file: TaskFile, tables: TableSizes) -> TaskModel[Prediction]:
    """The model of a task with initial weights."""
    shape = (file.elmo.n_layers, file.elmo.width) if file.elmo else None
    model: TaskModel[Prediction] = kind_of(file.config).build(file.config, file.known_labels, tables, shape)
    return model


@dataclass(repr=False)
class TrainedTask:
    """A trained task: `task(["text", ...])` gives a prediction for each text."""

    file: TaskFile
    model: TaskModel[Prediction]
    words: Words
    elmo: Elmo | None
    scope: Scope | None = None  # None: the task does not decide whether a text has one of its labels

    def __call__(self, texts: Iterable[object], *, why: bool = False) -> list[Prediction]:
        """Predict.

        Args:
            texts: see `Kind.example`; an empty one has no tag, and every label alike.
            why: see `predict`.
        Returns:
            for each text `Tagged`, `Labelled` or `Scored`; character offsets are those of the string, or of the tokens with a
            blank between.
        Raises:
            TextError: not a list of texts.
        """
        if isinstance(texts, str | bytes):
            raise TextError("a task takes a list of texts; write task([text])")
        kind, config = kind_of(self.file.config), self.file.config
        examples = [kind.example(config, text, i, f"text {i}") for i, text in enumerate(texts, 1)]
        return self.predict(examples, why=why)

    def predict(self, examples: Sequence[Example], *, why: bool = False) -> list[Prediction]:
        """A prediction for each example.

        Args:
            why: a task with a scope also finds the nearest training examples and the words with the highest surprisal.
        """
        found: list[Prediction] = []
        for start in range(0, len(examples), AT_ONCE):
            block = examples[start : start + AT_ONCE]
            some = [e for e in block if e.tokens]
            predictions = iter(self._predict(some, why) if some else [])
            found += [next(predictions) if e.tokens else self._predict_empty() for e in block]
        return found

    def _predict(self, examples: Sequence[Example], why: bool) -> Sequence[Prediction]:
        data = data_of(examples, None if self.elmo is None else self._layers)
        if self.scope is None or not isinstance(self.model, LabelModel):
            return predict_all(self.model, data, self.words, self.file.config)
        evidence = evidence_of(self.model, data, self.words, self.file.config)
        bilm = None if self.elmo is None else self.elmo.model
        verdicts = self.scope.verdicts(evidence, examples, self.file.labels, bilm, why)
        predicted = self.model.labelled(evidence.logits)
        return [p._replace(scope=verdict) for p, verdict in zip(predicted, verdicts, strict=True)]

    def _predict_empty(self) -> Prediction:
        """The prediction for a text without tokens, which is out of scope."""
        empty = self.model.predict_empty()
        return empty._replace(scope=NOWHERE) if self.scope is not None and isinstance(empty, Labelled) else empty

    def _layers(self, examples: Sequence[Example]) -> LayersOf:
        assert self.elmo is not None
        sentences, which = distinct(examples)
        layers = self.elmo.embed([[t.text for t in e.tokens] for e in sentences], layers="all")
        return lambda number: layers[which[number]]

    def evaluate(self, examples: str | Path | Iterable[object], *, min_score: float | None = None) -> Evaluation:
        """Scores in percent, with the interval of the main score.

        Args:
            examples: a file, or a list of labelled examples as `elmo.tasks.train` takes them.
            min_score: of texts with one label: predictions with a lower score are withheld; None: the threshold that keeps
                95 % of the dev examples, where there are labels that the task does not know; of a task with a scope its own.
        Raises:
            TextError: an example that is none, or labels that cannot be compared. ConfigError: a threshold for a task that
                has none.
        """
        if isinstance(examples, str | Path):
            found = self.read(Path(examples))
        else:
            kind, config = kind_of(self.file.config), self.file.config
            found = [kind.labelled(config, one, i, f"example {i}") for i, one in enumerate(examples, 1)]
            found = comparable(config, self.file.known_labels, found, "examples")
        return self.evaluation(found, self.predict(found), min_score)

    def evaluation(
        self, examples: Sequence[Example], predicted: Sequence[Prediction], min_score: float | None = None
    ) -> Evaluation:
        """Scores of predictions; see `evaluate`."""
        if not self.file.config.may_abstain:
            if min_score is not None:
                raise ConfigError("min_score (--min-score) works only for tasks with one label per text; leave it out")
            return evaluation_of(self.model, examples, predicted)
        known = set(self.file.labels)
        if self.scope is not None and min_score is None:
            return evaluation_of(self.model, examples, predicted, known, self.scope.rule.threshold, by_scope=True)
        threshold = self.file.training.get("min_score") if min_score is None else min_score
        if min_score is None and all(set(e.labels) <= known for e in examples):
            threshold = None
        return evaluation_of(self.model, examples, predicted, known, threshold)

    def save(self, folder: str | Path, *, force: bool = False) -> None:
        """Write the task as a folder that `load_task` reads, atomically.

        Raises:
            OutputError: the folder exists and `force` is not given, or it is no task; or it cannot be written.
        """
        refuse_existing(Path(folder), force, known_by=[CONFIG_FILE])
        with atomic_write(Path(folder)) as part:
            part.mkdir()
            save_task(self, part)

    def facts(self) -> dict[str, Any]:
        """Settings and training facts of the task."""
        training = {name: value for name, value in self.file.training.items() if not isinstance(value, list)}
        return {"task": self.file.config.task, "model": self.file.config.model, "labels": self.file.labels, **training}

    def __repr__(self) -> str:
        """One line: the kind of task and its score."""
        facts, name = self.file.training, self.model.main_score
        of = f"{len(self.file.labels)} labels" if len(self.file.labels) > 5 else ", ".join(self.file.labels)
        scored = f", dev {name} {facts[f'dev_{name}']:.1f}" if f"dev_{name}" in facts else ""
        warning = ", learned nothing" if "warning" in facts else ""
        return f"TrainedTask({self.file.config.task}{': ' if of else ''}{of}; model {self.file.config.model}{scored}{warning})"

    def read(self, path: Path) -> list[Example]:
        """Labelled examples of a file in the format of the task.

        Raises:
            TextError: see `read_gold`.
        """
        return read_gold(self.file.config, self.file.known_labels, path)

    def counts(self, examples: Sequence[Example]) -> Counts:
        """The counts of examples (n, C); `model.scores` computes scores from their sums."""
        return self.model.counts(examples, self.predict(examples))

    def main_score(self, sums: Counts) -> NDArray[np.float64]:
        """The score by which tasks of this kind are compared, in percent, from sums of counts (..., C)."""
        return self.model.scores(sums)[self.model.main_score]


def save_task(task: TrainedTask, folder: Path) -> None:
    """Write a task into a folder, its `config.json` last, so that a folder that loads is complete.

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
    if task.scope is not None:
        save_scope(task.scope, folder)
    with atomic_write(folder / "README.md") as part:
        part.write_text(task_card(task.file), encoding="utf-8")
    with atomic_write(folder / CONFIG_FILE) as part:
        part.write_text(task.file.model_dump_json(indent=1) + "\n", encoding="utf-8")


def reference_to(elmo: Elmo, source: str) -> ElmoReference:
    """The reference to a biLM that a task stores."""
    return ElmoReference(source=source, fingerprint=fingerprint(elmo.model), n_layers=elmo.n_layers, width=elmo.width)


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "surrogatepass").split("\n")[:-1]
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read ({error}); train the task again") from error


def load_task(folder: str | Path, *, dtype: str = "float32") -> TrainedTask:
    """Load a trained task.

    Args:
        dtype: of the biLM's matrix products, see `Elmo.from_pretrained`.
    Raises:
        CheckpointError: the folder holds no whole task, or the biLM is another one than it was trained with.
    """
    path = Path(folder)
    names = (CONFIG_FILE, WEIGHTS_FILE, WORDS_FILE, VECTORS_FILE, SCOPE_FILE, SCOPE_TENSORS)
    check_files(path, [path / name for name in names if (path / name).exists()])
    file = _read_file(path)
    elmo = None
    if file.elmo is not None:
        elmo = Elmo.from_pretrained(_bilm_of(file.elmo.source, path), dtype=dtype)
        if fingerprint(elmo.model, like=file.elmo.fingerprint) != file.elmo.fingerprint:
            raise CheckpointError(
                f"{path}: the biLM {file.elmo.source!r} is not the one that the task was trained with; train the task again"
            )
    static = None if file.vectors is None else StaticWords(_read_words(path / VECTORS_FILE), file.vectors.width)
    words = Words(_read_words(path / WORDS_FILE), static)
    model = _filled(file, words.sizes, path / WEIGHTS_FILE)
    with torch.no_grad():
        model.eval()
    scope = None if file.scope is None else load_scope(path, file.scope, model, None if elmo is None else elmo.model)
    return TrainedTask(file, model, words, elmo, scope)


def _read_file(folder: Path) -> TaskFile:
    """The `config.json` of a task."""
    if is_bundled(str(folder)) and not folder.exists():
        raise CheckpointError(
            f"{folder}: a model of the package, not a trained task; train a task on it with `elmo train ... -m {folder}`"
        )
    content = require_json(
        folder / CONFIG_FILE,
        "give the folder of a trained task; continue a stopped training with --resume",
        CheckpointError,
    )
    if isinstance(content, dict) and content.get("format") != "elmo task" and "bilm" in content:
        raise CheckpointError(
            f"{folder}: a model, not a trained task; train a task on it with `elmo train ... -m {folder}`, or embed with it"
        )
    try:
        return TaskFile.model_validate(content)
    except ValidationError as error:
        where = setting_name(error.errors()[0]["loc"])
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: not a task ({where}: {error.errors()[0]['msg'][:300]}); train the task again"
        ) from error


def _bilm_of(source: str, folder: Path) -> str | Path:
    """The biLM of a task: one of the package, or the folder's own; a task from elsewhere can name no other."""
    if is_bundled(source):
        return source
    within = folder / ELMO_FOLDER
    if source != ELMO_FOLDER:
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: the biLM is {source[:80]!r}; a task uses one of the package "
            f"({', '.join(bundled_models())}) or its own in {ELMO_FOLDER}/"
        )
    if within.resolve().parent != folder.resolve():
        raise CheckpointError(
            f"{within}: a link to {within.resolve()}, which is outside the folder of the task; copy it here"
        )
    return within


def _filled(file: TaskFile, tables: TableSizes, weights: Path) -> TaskModel[Prediction]:
    """The model with its weights; shapes are compared before anything is built, so that no declared size takes memory."""
    try:
        with shapes_only():
            expected = {name: tuple(t.shape) for name, t in fresh_model(file, tables).state_dict().items()}
    except (ValueError, AssertionError, IndexError) as error:  # labels that are none of the kind
        raise CheckpointError(
            f"{weights.parent / CONFIG_FILE}: its labels do not fit the task ({reason_of(error)})"
        ) from error
    tensors = read_tensors(weights)
    check_tensors(expected, tensors, f"{weights}: does not fit its config", "train the task again")
    model = fresh_model(file, tables)
    model.load_state_dict(tensors)
    return model
