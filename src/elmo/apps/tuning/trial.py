"""One trial of a search as the search sees it: scores come in, and it is pruned, stopped, or ends with a score."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from elmo.apps.tuning.study import Judge


class TrialPruned(Exception):  # noqa: N818
    """The scores of a trial are worse than those of earlier ones: it ends here."""


class SearchStopped(Exception):  # noqa: N818
    """The search ends within a trial, which continues when the search is resumed."""


class ScoreWatch:
    """Takes the scores of a trial in training.

    Args:
        judge: decides whether it is pruned. stopped: whether the search is to end. report: called with each new score.
    """

    def __init__(
        self,
        judge: Judge,
        stopped: Callable[[], bool] = lambda: False,
        report: Callable[[int, float], None] = lambda step, score: None,
    ) -> None:
        self.steps: dict[int, float] = {}
        self.stopped = stopped
        self._judge, self._report = judge, report

    def score(self, step: int, score: float) -> None:
        """Take a score; one that is known from before the search was resumed changes nothing.

        Args:
            step: number of the epoch or evaluation, from 1.
        Raises:
            TrialPruned: the trial ends here. SearchStopped: the search does.
        """
        if step in self.steps:
            return
        self.steps[step] = score
        self._report(step, score)
        if self._judge.prunes(step, score):
            raise TrialPruned
        if self.stopped():
            raise SearchStopped


class Trials(Protocol):
    """What a search trains: a kind of run, its recipe and its files."""

    maximize: ClassVar[bool]

    @property
    def source(self) -> str:
        """The name of the recipe, for messages."""

    @property
    def checksums(self) -> dict[str, str]:
        """Checksums of the files, by path."""

    def config(self, overrides: Sequence[str]) -> BaseModel:
        """The settings of a trial; ConfigError: they cannot work."""

    def inputs(self) -> list[str | Path]:
        """What is read."""

    def require_files(self, overrides: Sequence[str], cache: Path | None) -> None:
        """Refuse files that no trial could be trained on, before the first; overrides: of some trial."""

    def train(self, overrides: Sequence[str], folder: Path, watch: ScoreWatch, cache: Path | None) -> float:
        """Train a trial in its folder, from where it was stopped, and return its score."""

    def score_name(self, folder: Path) -> str:
        """The name of the score of a trained trial."""

    def tidy(self, folder: Path) -> None:
        """Remove what only the continuation of a trial needs."""

    def recipe(self, values: dict[str, Any]) -> dict[str, Any]:
        """The recipe with these values of searched settings: dotted keys and values, as a recipe file has them."""

    def command(self, recipe: str, unset: Sequence[str]) -> str:
        """The command that trains a recipe; unset: overrides that a recipe file cannot hold."""
