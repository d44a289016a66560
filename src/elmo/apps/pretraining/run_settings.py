"""What `run.json` keeps: all settings of a run that its folder does not hold otherwise, and checksums against accidents."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from elmo.checkpoints.formats.native import VOCABULARY_FILE, StorageType
from elmo.errors import TrainingError
from elmo.storage.checksums import checksum_of
from elmo.storage.json_files import read_json
from elmo.text.words.lexicon import ALPHABET_FILE, INPUT_WORDS_FILE
from elmo.train.config import PretrainConfig

RUN_FILE = "run.json"
_CHECKSUM = "checksum"  # of all else in the file


class RunSettings(BaseModel, frozen=True, extra="forbid"):
    """The settings that a run began with, and goes on with."""

    recipe: PretrainConfig
    corpus: list[str]  # names of the files read
    tokens: int
    sentences: int
    vocabulary_file: str | None = None  # name of the file given; None: counted in the corpus
    heldout_file: str | None = None  # name of the file given; None: sentences of the corpus
    pretokenized: bool = False
    adaptive_cutoffs: list[int] | None = None  # of an adaptive softmax, see `ModelConfig`
    start: str | None = None  # name of the model that the run begins from, which its folder holds; None: random weights
    max_steps: int | None = None
    storage: StorageType = "float32"
    scripts: dict[str, float] | None = None  # their shares of the letters of the corpus
    word_files: dict[str, str] = Field(
        default_factory=dict
    )  # checksums of the vocabulary, the alphabet, the input words


def write_run_settings(settings: RunSettings, run: Path) -> None:
    """Write the settings into the folder of a run that is being made."""
    facts = settings.model_dump(mode="json")
    facts[_CHECKSUM] = _checksum(facts)
    (run / RUN_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def read_run_settings(run: Path) -> RunSettings:
    """Read the settings of a run, to go on with it.

    Raises:
        TrainingError: the folder is no run, or `run.json` is damaged or altered.
    """
    path = run / RUN_FILE
    try:
        facts = read_json(path)
        found = facts.pop(_CHECKSUM, None) if isinstance(facts, dict) else None
        settings = RunSettings.model_validate(facts)
    except FileNotFoundError:
        raise TrainingError(
            f"{path.absolute()}: no such file; --resume needs the folder of a run, -o DIR of its start"
        ) from None
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({' '.join(str(error).split())}); it was written when the run began: "
            "put back a copy, or start the run anew"
        ) from error
    if found is not None and found != _checksum(facts):
        raise TrainingError(
            f"{path} was altered: its checksum is {_checksum(facts)}, it says {found}; a run goes on as it began: undo the "
            "change, or start the run anew with other settings"
        )
    return settings


def checksums_of_word_files(run: Path) -> dict[str, str]:
    """Name and checksum of the files of words that lie in the folder of a run."""
    names = (VOCABULARY_FILE, ALPHABET_FILE, INPUT_WORDS_FILE)
    return {name: checksum_of(run / name) for name in names if (run / name).is_file()}


def check_word_files(settings: RunSettings, run: Path) -> None:
    """Refuse to go on with other words than the run began with.

    Raises:
        TrainingError: a file of words is missing or was altered.
    """
    found = checksums_of_word_files(run)
    for name, checksum in settings.word_files.items():
        if found.get(name) != checksum:
            what = (
                f"was altered: its checksum is {found[name]}, {RUN_FILE} says {checksum}"
                if name in found
                else "is gone"
            )
            raise TrainingError(f"{run / name} {what}; put back a copy (each checkpoint has one), then --resume")


def _checksum(facts: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode("utf-8"), digest_size=16).hexdigest()
