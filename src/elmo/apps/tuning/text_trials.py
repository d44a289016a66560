"""Trials that pretrain a biLM: the score is its held-out perplexity, lower is better, reported at each evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from elmo.apps.pretraining.pretrain import continue_run
from elmo.apps.tuning.best_recipe import recipe_with
from elmo.apps.tuning.trial import ScoreWatch, SearchStopped, TrialPruned
from elmo.checkpoints.formats.native import CONFIG_FILE
from elmo.errors import ConfigError
from elmo.storage.atomic import remove_whole
from elmo.storage.checksums import checksum_of
from elmo.storage.compressed import STANDARD_INPUT
from elmo.text.sources.corpus import find_files
from elmo.train.config import PretrainConfig
from elmo.train.recipe import pretrain_config
from elmo.train.run_log import Report
from elmo.train.runs.begin import start_run
from elmo.train.runs.record import read_run
from elmo.train.runs.settings import run_folder

_OF_THE_CONTINUATION = ("checkpoints", "corpus", "heldout", "words", "start")  # folders of a run


class TextTrials(BaseModel, frozen=True, extra="forbid"):
    """The recipe of a pretraining run and its texts."""

    maximize: ClassVar[bool] = False

    kind: Literal["pretraining"] = "pretraining"
    settings: dict[str, Any]
    source: str
    corpus: list[Path]
    heldout: Path | None = None
    vocabulary: Path | None = None
    pretokenized: bool = False
    text_field: str | None = None
    max_steps: int | None = None
    start: str | None = None
    checksums: dict[str, str] = {}

    def config(self, overrides: Sequence[str]) -> PretrainConfig:
        """The settings of a trial."""
        return pretrain_config(dict(self.settings), list(overrides), self.source)

    def inputs(self) -> list[str | Path]:
        """The texts, the vocabulary and the model to start from."""
        given = [one for one in (self.heldout, self.vocabulary, self.start) if one is not None]
        return [*self.corpus, *given]

    def settled(self) -> "TextTrials":
        """The same with absolute paths and the checksums of the files.

        Raises:
            TextError: a file is missing.
        """
        files = [file for file in (self.heldout, self.vocabulary) if file is not None]
        for file in (*self.corpus, *files):
            if file == STANDARD_INPUT:
                raise ConfigError("-: every trial reads the text anew, which standard input cannot give; name a file")
        corpus, others = find_files(self.corpus), find_files(files)
        start = self.start
        if start is not None and Path(start).exists():
            start = str(Path(start).absolute())
        absolute = {
            "corpus": [file.absolute() for file in corpus],
            "heldout": self.heldout and self.heldout.absolute(),
            "vocabulary": self.vocabulary and self.vocabulary.absolute(),
            "start": start,
            "checksums": {str(file.absolute()): checksum_of(file) for file in (*corpus, *others)},
        }
        return self.model_copy(update=absolute)

    def require_files(self, overrides: Sequence[str], cache: Path | None) -> None:
        """The first trial reads the text and refuses what cannot work."""

    def train(self, overrides: Sequence[str], folder: Path, watch: ScoreWatch, cache: Path | None) -> float:
        """Train the run; the score is the perplexity of the model on all held-out text, the mean of both directions."""
        every = self.config(overrides).evaluate_every
        if not run_folder(folder).is_begun():
            start_run(
                self.corpus,
                folder,
                self.config(overrides),
                vocabulary_file=self.vocabulary,
                heldout_file=self.heldout,
                pretokenized=self.pretokenized,
                text_field=self.text_field,
                max_steps=self.max_steps,
                start=self.start,
            )
        if not (folder / CONFIG_FILE).is_file():
            _replay(folder, every, watch)
            self._continue(folder, every, watch)
        record = read_run(folder)
        watch.steps |= {int(step) // every: value for step, value in zip(*record.curve("heldout_mean"), strict=True)}
        return float(record.training["heldout_mean"])

    def _continue(self, folder: Path, every: int, watch: ScoreWatch) -> None:
        """Train to the end; a trial that is pruned or a search that stops ends the run after a checkpoint."""
        ended: list[Exception] = []

        def report(line: Report) -> None:
            if line.heldout is None or ended:
                return
            try:
                watch.score(line.step // every, line.heldout.mean)
            except (TrialPruned, SearchStopped) as end:
                ended.append(end)

        result = continue_run(folder, stop=lambda: bool(ended) or watch.stopped(), report=report)
        if ended:
            raise ended[0]
        if not result.finished:
            raise SearchStopped

    def score_name(self, folder: Path) -> str:
        """The perplexity."""
        return "held-out perplexity"

    def tidy(self, folder: Path) -> None:
        """Remove checkpoints and the run's copies of the text."""
        for name in _OF_THE_CONTINUATION:
            if (folder / name).exists():
                remove_whole(folder / name)

    def recipe(self, values: dict[str, Any]) -> dict[str, Any]:
        """The recipe with these values."""
        return recipe_with(self.settings, values, self.config)

    def command(self, recipe: str, unset: Sequence[str]) -> str:
        """`elmo pretrain`."""
        return " ".join(
            [f"elmo pretrain --recipe {recipe}", *(f"--set {one}" for one in unset), "--corpus TEXTS -o my-model"]
        )


def _replay(folder: Path, every: int, watch: ScoreWatch) -> None:
    """Give the evaluations of a stopped run to the search; those after its last checkpoint will come again, the same."""
    for step, value in zip(*read_run(folder).curve("heldout_mean"), strict=True):
        watch.score(int(step) // every, value)
