"""What `run.json` keeps: all settings of a run that its folder does not hold otherwise."""

from pathlib import Path

from pydantic import BaseModel

from elmo.checkpoints.native import StorageType
from elmo.errors import TrainingError
from elmo.text.files import read_json
from elmo.train.config import PretrainConfig

RUN_FILE = "run.json"


class RunSettings(BaseModel, frozen=True, extra="forbid"):
    """The settings that a run began with, and goes on with."""

    recipe: PretrainConfig
    corpus: list[str]  # names of the files read
    tokens: int
    sentences: int
    vocabulary_file: str | None = None  # name of the file given; None: counted in the corpus
    heldout_file: str | None = None  # name of the file given; None: sentences of the corpus
    pretokenized: bool = False
    max_steps: int | None = None
    storage: StorageType = "float32"


def write_run_settings(settings: RunSettings, run: Path) -> None:
    """Write the settings into the folder of a run that is being made."""
    (run / RUN_FILE).write_text(settings.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_run_settings(run: Path) -> RunSettings:
    """Read the settings of a run, to go on with it.

    Raises:
        TrainingError: the folder is no run, or `run.json` is damaged.
    """
    path = run / RUN_FILE
    try:
        return RunSettings.model_validate(read_json(path))
    except FileNotFoundError:
        raise TrainingError(
            f"{path.absolute()}: no such file; --resume needs the folder of a run, -o DIR of its start"
        ) from None
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({' '.join(str(error).split())}); it was written when the run began"
        ) from error
