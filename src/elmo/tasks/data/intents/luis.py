"""The export of a LUIS app (.json) -> texts with their intents; entities and patterns are left out."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from elmo.errors import TextError
from elmo.tasks.data.intents.utterance import Report, Utterance, hint_for_fallback, name_in

_NONE = "None"  # LUIS's intent of texts that are none of the others


def is_luis(content: object) -> bool:
    """Whether a JSON value is the export of an app."""
    return isinstance(content, dict) and "luis_schema_version" in content


def read_luis(content: Mapping[str, Any], path: Path, report: Report) -> Iterator[Utterance]:
    """The utterances of an export.

    Raises:
        TextError: one is not as LUIS has it; the message has its number.
    """
    utterances = content.get("utterances")
    if not isinstance(utterances, list):
        raise TextError(f"{path}: a LUIS app without `utterances`, its labelled texts; export the app as .json")
    intents = set()
    for number, one in enumerate(utterances, 1):
        where = f"{path}, utterance {number}"
        if not isinstance(one, dict):
            raise TextError(f"{where}: {one!r:.40} is no object with `text` and `intent`; export the app again")
        intent = name_in(one, "intent", where)
        intents.add(intent)
        yield Utterance(name_in(one, "text", where), intent, number, where)
    patterns = content.get("patterns")
    if isinstance(patterns, list) and patterns:
        report(f"left out: patterns ({len(patterns):,})")
    if _NONE in intents:
        report(hint_for_fallback(_NONE))
