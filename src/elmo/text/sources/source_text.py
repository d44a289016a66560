"""What every reader of files yields: a text and its location."""

from typing import NamedTuple


class SourceText(NamedTuple):
    """A line, a record or a sentence of a file."""

    line: int  # in the file, from 1; of JSON arrays and parquet the number of the record
    text: str | None  # None: a record without one
    words: list[str] | None = None  # of a sentence that comes in words; the text has one blank between them
    begins_document: bool | None = None  # None: lines without a word end documents
    id: str | None = None  # of a record that has a field `id`: a text or a number


def no_field(text_field: str, names: list[str]) -> str:
    """The message for records that lack the field of the text."""
    there = ", ".join(map(repr, names)) or "none"
    return f"no field {text_field!r} (there: {there}); name the one that holds the text (--text-field)"


def record_id(value: object) -> str | None:
    """The id of a record as text; None: it has none."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
