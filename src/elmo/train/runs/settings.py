"""The file `run.json`: all settings of a run that are not elsewhere in its folder, with checksums against accidents."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from elmo.checkpoints.formats.native import VOCABULARY_FILE, StorageType
from elmo.errors import TrainingError
from elmo.storage.checksums import checksum_of
from elmo.storage.job_folder import JobFolder
from elmo.text.words.lexicon import ALPHABET_FILE, INPUT_WORDS_FILE
from elmo.train.config import PretrainConfig

RUN_FILE = "run.json"


class MixedFiles(BaseModel, frozen=True, extra="forbid"):
    """The second text of a run (`adaptation/mixed_text.py`); tokens and sentences without those held out."""

    files: list[str]  # names of the files read
    tokens: int
    sentences: int


class RunSettings(BaseModel, frozen=True, extra="forbid"):
    """The settings of a run, which do not change."""

    recipe: PretrainConfig
    corpus: list[str]  # names of the files read
    tokens: int
    sentences: int
    vocabulary_file: str | None = None  # name of the file given; None: counted in the corpus
    heldout_file: str | None = None  # name of the file given; None: sentences of the corpus
    pretokenized: bool = False
    tokenizer: int = Field(1, ge=1, le=2)  # the version that cut raw text
    adaptive_cutoffs: list[int] | None = None  # of an adaptive softmax, see `ModelConfig`
    start: str | None = None  # name of the initial model, which is kept in the folder; None: random weights
    new_words: int = 0  # that the vocabulary of the initial model gained
    mix: MixedFiles | None = None  # None: no second text
    teacher: str | None = None  # name of the teacher, which is kept in the folder; None: the run has none
    max_steps: int | None = None
    storage: StorageType = "float32"
    scripts: dict[str, float] | None = None  # fraction of the letters of the corpus in each script
    word_files: dict[str, str] = Field(
        default_factory=dict
    )  # checksums of the vocabulary, the alphabet, the input words

    @model_serializer(mode="wrap")
    def _without_what_is_not_used(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Version 2 of the tokenizer, new words and so on are named if there are any, so other runs are what they were."""
        settings: dict[str, Any] = handler(self)
        if self.tokenizer == 1:
            del settings["tokenizer"]
        for name in ("new_words", "mix", "teacher"):
            if not settings[name]:
                del settings[name]
        return settings


def epochs_of(settings: RunSettings, step: int) -> float:
    """How often `step` steps have read the text of a run; the rows of an old text that is mixed in do not count."""
    recipe = settings.recipe
    n_old = 0 if settings.mix is None else recipe.mixed_rows()
    return step * (recipe.rows - n_old) * recipe.window / (settings.tokens + settings.sentences)


def run_folder(out: Path) -> JobFolder[RunSettings]:
    """The folder of a run: its settings have a checksum, its checkpoints may be left half-written."""
    return JobFolder(out, RUN_FILE, RunSettings, parts_in=["checkpoints"], sealed=True)


def checksums_of_word_files(run: Path) -> dict[str, str]:
    """Names and checksums of the vocabulary and lexicon files in the folder of a run."""
    names = (VOCABULARY_FILE, ALPHABET_FILE, INPUT_WORDS_FILE)
    return {name: checksum_of(run / name) for name in names if (run / name).is_file()}


def check_word_files(settings: RunSettings, run: Path) -> None:
    """Refuse to continue with another vocabulary or lexicon than the run started with.

    Raises:
        TrainingError: a file of words is missing or was altered.
    """
    found = checksums_of_word_files(run)
    for name, checksum in settings.word_files.items():
        if found.get(name) != checksum:
            what = (
                f"was changed: its checksum is {found[name]}, {RUN_FILE} says {checksum}"
                if name in found
                else "is missing"
            )
            raise TrainingError(f"{run / name} {what}; restore a copy (each checkpoint has one), then --resume")
