"""The file `run.json`: all settings of a run that are not elsewhere in its folder, with checksums against accidents."""

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
_CHECKSUM = "checksum"  # of everything else in the file


class RunSettings(BaseModel, frozen=True, extra="forbid"):
    """The settings of a run, which do not change."""

    recipe: PretrainConfig
    corpus: list[str]  # names of the files read
    tokens: int
    sentences: int
    vocabulary_file: str | None = None  # name of the file given; None: counted in the corpus
    heldout_file: str | None = None  # name of the file given; None: sentences of the corpus
    pretokenized: bool = False
    adaptive_cutoffs: list[int] | None = None  # of an adaptive softmax, see `ModelConfig`
    start: str | None = None  # name of the initial model, which is kept in the folder; None: random weights
    max_steps: int | None = None
    storage: StorageType = "float32"
    scripts: dict[str, float] | None = None  # fraction of the letters of the corpus in each script
    word_files: dict[str, str] = Field(
        default_factory=dict
    )  # checksums of the vocabulary, the alphabet, the input words


def write_run_settings(settings: RunSettings, run: Path) -> None:
    """Write the settings into the folder of a new run."""
    facts = settings.model_dump(mode="json")
    facts[_CHECKSUM] = _checksum(facts)
    (run / RUN_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def read_run_settings(run: Path) -> RunSettings:
    """Read the settings of a run, to continue it.

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
            f"{path.absolute()}: no such file; --resume needs the folder of a run (its -o DIR)"
        ) from None
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({' '.join(str(error).split())}); it was written when the run began: "
            "restore a copy, or start a new run"
        ) from error
    if found is not None and found != _checksum(facts):
        raise TrainingError(
            f"{path} was changed: its checksum is {_checksum(facts)}, the file says {found}; the settings of a run "
            "cannot change: undo the change, or start a new run"
        )
    return settings


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


def _checksum(facts: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode("utf-8"), digest_size=16).hexdigest()
