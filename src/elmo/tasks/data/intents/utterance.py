"""What every reader of a chatbot tool's files yields: a text with its intent and its line."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from elmo.errors import TextError

Report = Callable[[str], None]  # called with what is read and what is left out


class Utterance(NamedTuple):
    """A text of a user with its intent."""

    text: str
    intent: str
    number: int  # of its line, or of the utterance in its file; from 1
    where: str  # file and line, for messages


def name_in(record: Mapping[str, object], key: str, where: str) -> str:
    """A text that a record must have.

    Raises:
        TextError: it is missing, empty, or no text.
    """
    value = record.get(key)
    if not isinstance(value, str) or not value.strip():
        found = "is missing" if value is None else f"is {value!r:.40}"
        raise TextError(f"{where}: {key!r} {found}; expected a text; export the file again")
    return value.strip()


def hint_for_fallback(intent: str) -> str:
    """What to say of an intent that holds texts that are none of the others."""
    return f"intent {intent!r} is read as a label; if its texts are out of scope, give --set out_of_scope={intent!r}"
