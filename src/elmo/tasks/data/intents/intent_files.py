"""START HERE: a file or folder of a chatbot tool, recognised by its content -> texts with their intents."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elmo.checkpoints.archive import unpacked
from elmo.errors import CheckpointError, TextError
from elmo.storage.compressed import inner_suffix
from elmo.tasks.data.intents.dialogflow import intents_folder, is_dialogflow_file, read_dialogflow
from elmo.tasks.data.intents.luis import is_luis, read_luis
from elmo.tasks.data.intents.rasa import other_rasa_file, read_rasa
from elmo.tasks.data.intents.utterance import Report, Utterance
from elmo.text.sources.lines import open_text
from elmo.text.sources.records import values_of_json

_YAML = (".yml", ".yaml")


def read_intents(path: Path, language: str | None = None, report: Report = lambda line: None) -> list[Utterance] | None:
    """The utterances of a file or folder of Rasa, Dialogflow or LUIS; None: it is none of theirs.

    Args:
        language: of a Dialogflow agent with several; None: its default.
        report: called with what is read and what is left out.
    Raises:
        TextError: a file is broken, or has no utterance; the message names the line if the file has lines.
        ConfigError: PyYAML (extra `intents`) is not installed.
    """
    if path.is_dir():
        return _some(_of_folder(path, language, report), path)
    suffix = inner_suffix(path)
    if suffix == ".zip" and path.is_file():
        with _unpacked(path) as folder:
            return _some(_of_agent(folder, path, language, report), path)
    if suffix in _YAML:
        found = read_rasa(path, report)
        if found is None:
            raise other_rasa_file(path)
        report("format: Rasa")
        return _some(found, path)
    if suffix != ".json" or not path.exists():
        return None
    first = _first_value(path)
    if is_luis(first):
        report("format: LUIS")
        return _some(read_luis(first, path, report), path)
    if is_dialogflow_file(first):
        raise TextError(f"{path}: the training phrases of one intent; give the folder of the agent, or its .zip")
    return None


def _of_folder(folder: Path, language: str | None, report: Report) -> Iterator[Utterance]:
    if intents_folder(folder) is not None:
        yield from _of_agent(folder, folder, language, report)
        return
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _YAML and path.is_file())
    whole = [found for path in files if (found := read_rasa(path, report)) is not None]
    if not whole:
        raise TextError(
            f"{folder}: a folder, but neither a Dialogflow agent (intents/*_usersays_LANGUAGE.json) nor one with Rasa's .yml "
            "files (`nlu:`); give a file"
        )
    report(f"format: Rasa, {len(whole):,} files")
    for found in whole:
        yield from found


def _of_agent(folder: Path, given: Path, language: str | None, report: Report) -> Iterator[Utterance]:
    intents = intents_folder(folder)
    if intents is None:
        raise TextError(
            f"{given}: not the export of a Dialogflow agent (it has no intents/*.json); another archive is unpacked first: "
            f"unzip {given}"
        )
    report("format: Dialogflow")
    try:
        yield from read_dialogflow(intents, str(given), language, report)
    except TextError as error:
        raise TextError(str(error).replace(str(folder), str(given))) from error  # of an archive unpacked elsewhere


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    try:
        with unpacked(path, "exports") as folder:
            yield folder
    except CheckpointError as error:
        raise TextError(str(error)) from error


def _first_value(path: Path) -> Any:
    """The first value of a JSON file; None: there is none, and the reader of records says what is wrong."""
    try:
        with open_text(path) as file:
            return next(values_of_json(file, str(path)), None)
    except TextError:
        return None


def _some(found: Iterator[Utterance], path: Path) -> list[Utterance]:
    utterances = list(found)
    if not utterances:
        raise TextError(f"{path}: contains no text with an intent; export it again")
    return utterances
