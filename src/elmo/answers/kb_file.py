"""`kb.json`: the settings of a knowledge base, its sources, and the checksums of its files."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, NonNegativeInt, PositiveInt, ValidationError

from elmo.errors import CheckpointError, reason_of, setting_name
from elmo.storage.checksums import checksum_of
from elmo.storage.job_folder import seal_of
from elmo.storage.json_files import require_json
from elmo.text.passages.passages import PassageSettings

KB_FILE, SETTINGS_FILE = "kb.json", "settings.json"
ENTRIES, TERMS, PARTS = "entries", "terms", "parts"  # folders within
ELMO_FOLDER, QA_FOLDER = "elmo", "qa"
CALIBRATION_FILE = "calibration.json"
BUILD_AGAIN = "build it again: elmo kb build PATH... -o KB --force"

SourceKind = Literal["text", "markdown", "html", "csv", "tsv", "jsonl"]
FAQ_KINDS = ("csv", "tsv", "jsonl")


class KBSettings(BaseModel, frozen=True, extra="forbid"):
    """What a knowledge base is built with; another value is another knowledge base.

    Attributes:
        model: the name of a bundled model, or `elmo`, the folder within. fingerprint: of the model.
        layers: see `Elmo.embed`, as JSON.
        language: of the stop words and stems: a language of `terms.LANGUAGES`, or "auto": the one that suits the texts.
        stem: whether words are compared by their stems. stop_words: whether the most frequent words are left out.
        question, answer: columns of tables of questions and answers; None: the usual names.
    """

    model: str
    fingerprint: str
    tokenizer: int
    layers: str = "0"
    language: str = "auto"
    stem: bool = True
    stop_words: bool = True
    question: str | None = None
    answer: str | None = None
    passages: PassageSettings = PassageSettings()


class SourceFacts(BaseModel, frozen=True, extra="forbid"):
    """A source as it was read."""

    path: str  # relative to the folder of the knowledge base
    kind: SourceKind
    size_bytes: NonNegativeInt
    mtime_ns: int
    sha256: str
    n_entries: NonNegativeInt


class KBFile(BaseModel, frozen=True, extra="forbid"):
    """The contents of `kb.json`."""

    format: Literal["elmo-kb"] = "elmo-kb"
    format_version: Literal[1] = 1
    settings: KBSettings
    language: str | None  # of stop words and stems; None: without
    scripts: list[str]  # of the texts, the most frequent first
    n_entries: PositiveInt
    n_passages: NonNegativeInt
    width: PositiveInt
    sources: list[SourceFacts]
    checksums: dict[str, str]  # of files within that no index of their own protects
    checksum: str = ""  # of all else

    def sealed(self) -> "KBFile":
        """The same with its checksum."""
        return self.model_copy(update={"checksum": self._seal()})

    def _seal(self) -> str:
        return seal_of(self.model_dump(mode="json", exclude={"checksum"}))

    def is_sealed(self) -> bool:
        """Whether nothing was changed by hand."""
        return self.checksum == self._seal()


def read_kb_file(folder: Path) -> KBFile:
    """The `kb.json` of a knowledge base.

    Raises:
        CheckpointError: the folder is none, or the file is damaged, changed, or of another version.
    """
    path = folder / KB_FILE
    content = require_json(
        path, "give the folder of a knowledge base; build one: elmo kb build PATH... -o KB", CheckpointError
    )
    version = content.get("format_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > 1:
        raise CheckpointError(
            f"{path}: format version {version}, this elmo reads version 1; update it, or {BUILD_AGAIN}"
        )
    try:
        found = KBFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise CheckpointError(
            f"{path}: not a knowledge base ({setting_name(first['loc'])}: {first['msg'][:300]}); {BUILD_AGAIN}"
        ) from error
    if not found.is_sealed():
        raise CheckpointError(f"{path}: was changed since it was written; {BUILD_AGAIN}")
    return found


def check_files(folder: Path, checksums: dict[str, str]) -> None:
    """Compare the files of a folder with their checksums.

    Raises:
        CheckpointError: one is missing, cut short or changed.
    """
    for name, expected in checksums.items():
        try:
            found = checksum_of(folder / name)
        except OSError as error:
            raise CheckpointError(f"{folder / name}: cannot be read ({reason_of(error)}); {BUILD_AGAIN}") from error
        if found != expected:
            raise CheckpointError(f"{folder / name}: cut short or changed since it was written; {BUILD_AGAIN}")
