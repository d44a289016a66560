"""Results of training, evaluating and comparing tasks: typed, and flat as `--json` prints them."""

from abc import abstractmethod
from typing import Any

from pydantic import BaseModel


class Result(BaseModel, frozen=True, extra="forbid"):
    """A result with typed fields, also flat by name: `result["f1"]`."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Flat, as `--json` prints it."""

    def __getitem__(self, name: str) -> Any:
        """One of the facts."""
        return self.facts()[name]


class Evaluation(Result, frozen=True):
    """Scores on labelled examples, in percent."""

    n_examples: int
    main_score: str
    scores: dict[str, float]  # by name; calibration and what a threshold is worth among them
    low: float  # the middle 95 % of the main score over bootstrap samples of the examples
    high: float

    def facts(self) -> dict[str, Any]:
        """examples, the scores, and `f1_low` and `f1_high` of the main score f1."""
        interval = {f"{self.main_score}_low": self.low, f"{self.main_score}_high": self.high}
        return {"examples": self.n_examples, **self.scores, **interval}


class TrainingResult(Result, frozen=True):
    """The result of a training."""

    n_epochs: int
    best_epoch: int
    seconds: float
    dev_scores: dict[str, float]  # with the best weights, in percent
    main_score: str
    n_examples: int
    n_parameters: int
    train: str  # names of the files, or what the examples are called
    dev: str
    elmo_version: str
    min_score: float | None = None  # the threshold that keeps 95 % of the dev examples; None: no such task
    scope_threshold: float | None = (
        None  # the scope score from which on a text is in scope; None: the task has no scope
    )
    warning: str | None = None  # why nothing was learned, and what to try; None: something was

    def facts(self) -> dict[str, Any]:
        """The scores of the dev examples as `dev_f1`."""
        threshold = {} if self.min_score is None else {"min_score": self.min_score}
        if self.scope_threshold is not None:
            threshold["scope_threshold"] = self.scope_threshold
        warning = {} if self.warning is None else {"warning": self.warning}
        return {
            "epochs": self.n_epochs,
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
            **{f"dev_{name}": value for name, value in self.dev_scores.items()},
            "main_score": self.main_score,
            "examples": self.n_examples,
            "parameters": self.n_parameters,
            "train": self.train,
            "dev": self.dev,
            "elmo_version": self.elmo_version,
            **threshold,
            **warning,
        }
