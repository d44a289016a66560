"""A pretraining run as an object: begun or resumed, trained, stopped, and its model loaded.

    run = Run.begin("texts/*.txt", "my-model", recipe={"size": "tiny", "epochs": 2})
    result = run.train(max_minutes=30)
    vectors = run.model().embed(["The bank of the river"])

The folder of a run:

    config.json, model.safetensors, vocabulary.txt, README.md    the model, once the run has ended
    run.json                       the recipe, the files it read
    ends.json                      where the run ends, if a time or a step was planned (`planned_end.py`)
    start/                         the model it began from, if it did not begin with random weights
    alphabet.json, input_words.json what the input layer learned of the words, if it asks for that
    corpus/, heldout/              the text as ids; the sentences held out
    words/                         the different words of the text, spelled and numbered
    checkpoints/step-000001250/    model folders that also hold all that a resume needs
    log.jsonl, sessions.jsonl      what happened, line by line (see `record.py`)
    report.html                    the same for reading, renewed whenever a session of `elmo pretrain` ends
    tensorboard/                   the same for TensorBoard, if asked for
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from elmo.checkpoints.formats.native import CONFIG_FILE, StorageType
from elmo.embed.embedder import Elmo
from elmo.errors import TextError, TrainingError
from elmo.text.sentence_inputs import Sentence
from elmo.train.ranks import ALONE, Ranks
from elmo.train.recipe import Recipe, recipe_of
from elmo.train.run_log import Report
from elmo.train.run_state import checkpoints_of
from elmo.train.runs.begin import start_run
from elmo.train.runs.session import RunResult, train_session
from elmo.train.runs.settings import RunSettings, run_folder


class Run:
    """A run in a folder; make one with `Run.begin` or `Run.resume`."""

    def __init__(self, folder: Path, settings: RunSettings) -> None:
        self.folder, self.settings = folder, settings

    @classmethod
    def begin(
        cls,
        corpus: str | Path | Iterable[Path] | Iterable[Sentence],
        folder: str | Path,
        recipe: Recipe | None = None,
        *,
        heldout: str | Path | Iterable[Sentence] | None = None,
        vocabulary: str | Path | None = None,
        pretokenized: bool = False,
        text_field: str | None = None,
        max_steps: int | None = None,
        storage: StorageType = "float32",
        start: str | None = None,
        mix: str | Path | Iterable[Path] | Iterable[Sentence] | None = None,
        teacher: str | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> "Run":
        """Read a text and lay out the folder of a run.

        Args:
            corpus: a file or a glob, several files as `Path`s, or sentences in memory: strings, which are tokenized, or lists
                of tokens, which are taken as they are.
            folder: must not exist.
            recipe: a `PretrainConfig`, a TOML file, or settings by name, dotted (`optimizer.learning_rate`) or nested; `size`
                is one of tiny, small, medium, original. None: all defaults.
            heldout: text to measure perplexity on, a file or sentences; None: one sentence in a hundred of the corpus.
            vocabulary: a file, one word a line; None: the most frequent words of the corpus.
            pretokenized: files hold one sentence a line, tokens separated by white space.
            text_field: the field or column of records that holds their text.
            max_steps: the run ends there; the learning rate falls towards that step.
            storage: how the numbers of the model are stored.
            start: a model to begin from, folder or name; None: random weights.
            mix: a second text, as `corpus`: old text, where the recipe adapts a model (`elmo.train.adapt`); text for the teacher
                only, where it has a teacher (`elmo.train.distil`).
            teacher: a model to learn from, folder or name, where the recipe has a teacher.
            say: called with lines about what was read.
        Raises:
            TextError: the corpus cannot be read or is too small. ConfigError: a setting cannot work, or the model does not fit in
            memory. OutputError: the folder exists. CheckpointError: the start cannot be loaded.
        """
        files, sentences = _files_or_sentences(corpus)
        mix_files, mix_sentences = ([], None) if mix is None else _files_or_sentences(mix)
        start_run(
            files,
            Path(folder),
            recipe_of(recipe),
            sentences=sentences,
            vocabulary_file=None if vocabulary is None else Path(vocabulary),
            heldout_file=Path(heldout) if isinstance(heldout, str | Path) else None,
            heldout_sentences=None if isinstance(heldout, str | Path) else heldout,
            pretokenized=pretokenized,
            text_field=text_field,
            max_steps=max_steps,
            storage=storage,
            start=start,
            mix=mix_files,
            mix_sentences=mix_sentences,
            teacher=teacher,
            say=say,
        )
        return cls.resume(folder)

    @classmethod
    def resume(cls, folder: str | Path) -> "Run":
        """The run in a folder; `train` continues from its last checkpoint.

        Raises:
            TrainingError: the folder holds no run, or `run.json` is damaged or altered.
        """
        return cls(Path(folder), run_folder(Path(folder)).read_settings())

    def train(
        self,
        max_minutes: float | None = None,
        max_steps: int | None = None,
        on_report: Callable[[Report], None] = lambda line: None,
        stop: Callable[[], bool] = lambda: False,
        ranks: Ranks = ALONE,
    ) -> RunResult:
        """Train from the last checkpoint, or from the start if there is none, until the run ends; then write the model.

        Args:
            max_minutes: of training in this session; the learning rate falls to the end of this time. The run can be continued
                afterwards.
            max_steps: end at this step of the run instead; the learning rate falls towards it.
            on_report: called every `log_every` steps and after each evaluation.
            stop: asked at each step; True ends the session after a checkpoint, and no model is written.
            ranks: the processes that train together; each calls this function, the first writes.
        Raises:
            TrainingError: the folder was altered, or steps are not finite. TextError: the run's copy of the text was altered.
            OutputError: another process trains the run; the disk is full; what was saved before is whole.
        """
        return train_session(self.folder, max_minutes, max_steps, on_report, stop, ranks)

    def model(self) -> Elmo:
        """The trained model, ready to embed; before the run has ended, that of its last checkpoint.

        Raises:
            TrainingError: there is none yet.
        """
        if (self.folder / CONFIG_FILE).is_file():
            return Elmo.from_pretrained(self.folder)
        kept = checkpoints_of(self.folder / "checkpoints")
        if not kept:
            raise TrainingError(f"{self.folder}: this run has no model yet; call train() first")
        return Elmo.from_pretrained(kept[-1])

    def __repr__(self) -> str:
        kept = checkpoints_of(self.folder / "checkpoints")
        where = f"saved at step {int(kept[-1].name.rpartition('-')[2]):,}" if kept else "not trained yet"
        return f"Run({str(self.folder)!r}, {self.settings.tokens:,} tokens, {where})"


def _files_or_sentences(
    corpus: str | Path | Iterable[Path] | Iterable[Sentence],
) -> tuple[list[str | Path], Sequence[Sentence] | None]:
    """Files, or else sentences in memory."""
    if isinstance(corpus, str | Path):
        return [corpus], None
    if isinstance(corpus, bytes) or not isinstance(corpus, Iterable):
        raise TextError(f"expected a corpus as a file, Paths, or sentences, not {type(corpus).__name__}")
    given: list[Any] = list(corpus)
    files = [item for item in given if isinstance(item, Path)]
    if files and len(files) == len(given):
        return [*files], None
    sentences: list[Sentence] = [item for item in given if not isinstance(item, Path)]
    if files:
        raise TextError("the corpus mixes Paths and sentences; give one of the two")
    if sentences and all(isinstance(item, str) and "\n" not in item and _is_file(item) for item in sentences[:9]):
        raise TextError(f"{sentences[0]} is a file; in a list, strings are sentences: give files as Paths")
    return [], sentences


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a sentence that no file can be named by
        return False
