"""The export of a Dialogflow ES agent, a folder -> texts with their intents.

    agent.json                            its default language
    intents/Book flight.json              an intent with its name
    intents/Book flight_usersays_en.json  its training phrases in a language, each in pieces

Exports of 2017 have the training phrases within the file of the intent (`userSays`). Templates (`isTemplate`) are left out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from elmo.errors import TextError
from elmo.tasks.data.intents.utterance import Report, Utterance, hint_for_fallback
from elmo.text.sources.lines import open_text

_PHRASES = re.compile(r"(?P<intent>.+)_usersays_(?P<language>[a-z]{2,3}(?:[-_][a-z0-9]+)?)", re.IGNORECASE)
_MOST_BYTES = 2**26  # of a file


class _Phrases(NamedTuple):
    """The training phrases of an intent."""

    intent: str
    path: Path  # of their file
    phrases: Any


def intents_folder(folder: Path) -> Path | None:
    """The folder with the intents of an agent, which may be in a folder of its own; None: there is none."""
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    for one in (folder, *inner):
        if (one / "intents").is_dir() and ((one / "agent.json").is_file() or _files(one / "intents")):
            return one / "intents"
    return folder if _files(folder) else None


def is_dialogflow_file(content: object) -> bool:
    """Whether a JSON value is the first training phrase of a file of an intent."""
    if not isinstance(content, dict) or not isinstance(content.get("data"), list):
        return False
    return "isTemplate" in content and all(isinstance(piece, dict) and "text" in piece for piece in content["data"])


def read_dialogflow(folder: Path, name: str, language: str | None, report: Report) -> Iterator[Utterance]:
    """The training phrases of an agent.

    Args:
        folder: with the intents. name: of the agent's folder or archive, for messages.
        language: None: that of the agent, or the only one.
    Raises:
        TextError: a file is not as Dialogflow has it, or which language is meant is not known.
    """
    files = _files(folder)
    names, fallback = _intents(folder)
    if files:
        language = _chosen(language, folder, name, sorted({spoken for _, _, spoken in files}), report)
        found = [
            _Phrases(names.get(intent, intent), path, read_export(path))
            for path, intent, spoken in files
            if spoken == language
        ]
    else:
        contents = [(path, read_export(path)) for path in sorted(folder.glob("*.json"))]
        old = [(path, content) for path, content in contents if isinstance(content, dict) and "userSays" in content]
        found = [_Phrases(names.get(path.stem, path.stem), path, content["userSays"]) for path, content in old]
    n_templates = 0
    for one in found:
        if not isinstance(one.phrases, list):
            raise TextError(f"{one.path}: no list of training phrases; export the agent again")
        for number, phrase in enumerate(one.phrases, 1):
            where = f"{one.path}, training phrase {number}"
            text = _text_of(phrase, where)
            if isinstance(phrase, dict) and phrase.get("isTemplate"):
                n_templates += 1
            else:
                yield Utterance(text, one.intent, number, where)
    if n_templates:
        report(f"left out: templates ({n_templates:,})")
    for intent in sorted(fallback & {one.intent for one in found if one.phrases}):
        report(hint_for_fallback(intent))


def _files(folder: Path) -> list[tuple[Path, str, str]]:
    """The files of training phrases with the name of their intent's file and their language."""
    found = []
    for path in sorted(folder.glob("*.json")):
        match = _PHRASES.fullmatch(path.stem)
        if match is not None:
            found.append((path, match["intent"], match["language"].lower()))
    return found


def _intents(folder: Path) -> tuple[dict[str, str], set[str]]:
    """The names of intents by those of their files, and which are fallbacks."""
    names, fallback = {}, set()
    for path in sorted(folder.glob("*.json")):
        if _PHRASES.fullmatch(path.stem):
            continue
        content = read_export(path)
        name = content.get("name") if isinstance(content, dict) else None
        if not isinstance(name, str) or not name.strip():
            raise TextError(f"{path}: no intent with a `name`; export the agent again")
        names[path.stem] = name.strip()
        if content.get("fallbackIntent"):
            fallback.add(name.strip())
    return names, fallback


def _chosen(language: str | None, folder: Path, name: str, spoken: list[str], report: Report) -> str:
    """The language to read."""
    agent = folder.parent / "agent.json"
    if language is None and agent.is_file():
        content = read_export(agent)
        found = content.get("language") if isinstance(content, dict) else None
        language = found if isinstance(found, str) and found.lower() in spoken else None
    if language is None and len(spoken) > 1:
        raise TextError(f"{name}: training phrases in {', '.join(spoken)}; choose one with --set language={spoken[0]}")
    chosen = spoken[0] if language is None else language.lower().replace("_", "-")
    if chosen not in spoken:
        raise TextError(
            f"{name}: no training phrases in {language!r}, only in {', '.join(spoken)}; --set language={spoken[0]}"
        )
    if len(spoken) > 1:
        report(f"language: {chosen}; left out: {', '.join(one for one in spoken if one != chosen)}")
    return chosen


def _text_of(phrase: object, where: str) -> str:
    """A training phrase, put together."""
    pieces = phrase.get("data") if isinstance(phrase, Mapping) else None
    if not isinstance(pieces, list) or not all(
        isinstance(p, Mapping) and isinstance(p.get("text"), str) for p in pieces
    ):
        raise TextError(f"{where}: no `data` with pieces of `text`; export the agent again")
    return "".join(piece["text"] for piece in pieces).strip()


def read_export(path: Path) -> Any:
    """A JSON file of an agent.

    Raises:
        TextError: it cannot be read, or is not JSON; the message names the line.
    """
    with open_text(path) as file:
        raw = file.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        raise TextError(f"{path}: over {_MOST_BYTES >> 20} MiB, which no file of an agent has")
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise TextError(f"{path}, line {error.lineno}: not JSON ({error.msg}); export the agent again") from error
    except UnicodeDecodeError as error:
        raise TextError(f"{path}: not UTF-8; export the agent again") from error
    except RecursionError as error:
        raise TextError(f"{path}: not JSON (nested too deep)") from error
