"""The `config.json` of a task, and the card made from it."""

from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from elmo.tasks.data.tags import Scheme
from elmo.tasks.fit import Epoch
from elmo.tasks.kinds.kind import KnownLabels
from elmo.tasks.kinds.registry import AnyTaskConfig
from elmo.tasks.scope.scope_file import ScopeReference


class ElmoReference(BaseModel, frozen=True, extra="forbid"):
    """The biLM that a task is built on."""

    source: str  # the name of a bundled model, or `elmo`, the folder within
    fingerprint: str
    n_layers: int = Field(ge=1, le=64)  # L
    width: int = Field(ge=1, le=2**16)  # D


class VectorsReference(BaseModel, frozen=True, extra="forbid"):
    """The static vectors of a task."""

    source: str  # name of the file
    checksum: str  # of it
    width: int = Field(ge=1, le=2**16)  # S


_NUMBERS = ("min_score", "scope_threshold", "examples", "tokens")  # of the facts of a training, beside the scores
_LARGEST = 1e300


class TaskFile(BaseModel, frozen=True, extra="forbid"):
    """The `config.json` of a task."""

    format: Literal["elmo task"] = "elmo task"
    version: Literal[1] = 1
    config: AnyTaskConfig
    labels: list[str]
    scheme: Scheme | None  # of the tags it was trained on; None: no spans
    elmo: ElmoReference | None
    vectors: VectorsReference | None = None
    scope: ScopeReference | None = None  # None: the task does not decide whether a text has one of its labels
    training: dict[str, Any] = {}  # facts for the reader; nothing depends on them

    @field_validator("training")
    @classmethod
    def _readable(cls, facts: dict[str, Any]) -> dict[str, Any]:
        curve = facts.get("curve", [])
        if not isinstance(curve, list):
            raise ValueError(f"curve is {curve!r:.40}, not a list of epochs")
        for epoch in curve:
            Epoch.model_validate(epoch)
        for name, value in facts.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and not abs(value) < _LARGEST:
                raise ValueError(f"{name} is {value!r:.40}")
            if (name.startswith("dev_") or name in _NUMBERS) and not number:
                raise ValueError(f"{name} is {value!r:.40}, not a number")
        return facts

    @property
    def known_labels(self) -> KnownLabels:
        """What the task can predict."""
        return KnownLabels(self.labels, self.scheme)


def task_card(file: TaskFile) -> str:
    """The `README.md` of a task."""
    facts = file.training
    scores = ", ".join(f"{k.removeprefix('dev_')} {v:.2f}" for k, v in facts.items() if k.startswith("dev_"))
    base = (
        "no biLM (a baseline)" if file.elmo is None else f"the biLM `{file.config.model}` ({file.elmo.fingerprint})"
    ) + (", fine-tuned with it" if file.config.elmo.fine_tune else "")
    warning = f"- Warning: {facts['warning']}.\n" if "warning" in facts else ""
    return (
        f"# A task for elmo: {file.config.task}\n\n"
        f"Labels: {', '.join(file.labels[:40])}{', ...' if len(file.labels) > 40 else ''}\n\n"
        f"- Trained on {facts.get('examples', 0):,} examples ({facts.get('tokens', 0):,} tokens) of `{facts.get('train')}`, "
        f"seed {file.config.seed}, best of {facts.get('epochs')} epochs by `{facts.get('dev')}`: {scores}.\n"
        f"- Built on {base}.\n"
        f"{warning}"
        "- Predictions for texts unlike its training data may be poor: evaluate it on your own texts before you rely on it.\n\n"
        "```python\nfrom elmo import load_task\n\n"
        'task = load_task("this folder")\nprint(task(["a text"]))\n```\n'
    )
