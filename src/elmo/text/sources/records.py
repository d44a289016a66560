"""JSON lines and JSON arrays -> the text of each record, in constant memory."""

import codecs
import io
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from elmo.errors import TextError
from elmo.text.sources.encodings import conversion_advice
from elmo.text.sources.lines import LONGEST_LINE_BYTES, decode_lines
from elmo.text.sources.source_text import SourceText, no_field, record_id

_READ_BYTES = 2**16
_SPACE = " \t\r\n"


def texts_of_jsonl(file: io.BufferedReader, name: str, text_field: str) -> Iterator[SourceText]:
    """The text of each line, a JSON object; lines without text are skipped.

    Args:
        text_field: the first record must have it, so that a wrong name is reported at once.
    Raises:
        TextError: a record is none, or its text is no text; the message names the line.
    """
    known = False
    for number, line in enumerate(decode_lines(file, name), start=1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        record = _parse(line, where)
        text = _text_of(record, text_field, known, where)
        yield SourceText(number, text, None, True, record_id(record.get("id")))
        known = True


def texts_of_json(file: io.BufferedReader, name: str, text_field: str) -> Iterator[SourceText]:
    """The texts of a JSON array of objects or of strings; also of concatenated objects, as some write JSON lines.

    Raises:
        TextError: the file is not JSON, or holds something else; the message names the record.
    """
    for number, value in enumerate(values_of_json(file, name), start=1):
        where = f"{name}, record {number}"
        if isinstance(value, str):
            yield SourceText(number, value, None, True)
        elif isinstance(value, dict):
            text = _text_of(value, text_field, number > 1, where)
            yield SourceText(number, text, None, True, record_id(value.get("id")))
        else:
            raise TextError(f"{where}: {_shown(value)}; a .json file of text is an array of objects or of strings")


def _text_of(record: dict[str, Any], text_field: str, known: bool, where: str) -> str | None:
    if not known and text_field not in record:
        raise TextError(f"{where}: {no_field(text_field, list(record))}")
    text = record.get(text_field)
    if not isinstance(text, str | None):
        raise TextError(
            f"{where}: the field {text_field!r} holds {_shown(text)}, not text; name another (--text-field)"
        )
    return text


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise TextError(f"{where}: not JSON ({reason}); each line of a .jsonl file is one JSON object") from error
    if not isinstance(record, dict):
        raise TextError(f"{where}: {_shown(record)}, not a JSON object; each line of a .jsonl file is one")
    return record


class _Characters:
    """A window over the characters of a file that moves on as values are taken from it."""

    def __init__(self, file: io.BufferedReader, name: str) -> None:
        self._pieces = _decoded(file, name)
        self.text, self.at, self.ended = "", 0, False

    def more(self, at_least: int = 1) -> None:
        """Read more, dropping what was taken."""
        pieces, n = [self.text[self.at :]], 0
        while n < at_least and not self.ended:
            piece = next(self._pieces, None)
            self.ended = piece is None
            pieces.append(piece or "")
            n += len(piece or "")
        self.text, self.at = "".join(pieces), 0

    def next_sign(self) -> str:
        """The next character that is not white space, without taking it; empty: the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _SPACE:
                self.at += 1
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()


def values_of_json(file: io.BufferedReader, name: str) -> Iterator[Any]:
    """The elements of an array, or values one after the other.

    Raises:
        TextError: the file is no JSON; the message names the record.
    """
    characters = _Characters(file, name)
    in_array = characters.next_sign() == "["
    characters.at += in_array
    for number in count(1):
        sign = characters.next_sign()
        if in_array and number > 1 and sign == ",":
            characters.at += 1
            sign = characters.next_sign()
        elif in_array and sign and sign != "]" and number > 1:
            raise TextError(f"{name}, record {number}: not JSON (a comma is missing); a .json file is one array")
        if sign == "]" and in_array:
            characters.at += 1
            if characters.next_sign():
                raise TextError(
                    f"{name}, after record {number - 1}: more text after the array; a .json file is one array"
                )
            return
        if not sign:
            if in_array:
                raise TextError(f"{name}, after record {number - 1}: the array has no end; the file is cut short")
            return
        yield _decoded_value(characters, f"{name}, record {number}")


def _decoded_value(characters: _Characters, where: str) -> Any:
    decoder = json.JSONDecoder()
    while True:
        try:
            value, characters.at = decoder.raw_decode(characters.text, characters.at)
        except RecursionError as error:
            raise TextError(f"{where}: not JSON (nested too deep)") from error
        except ValueError as error:
            held = len(characters.text) - characters.at
            if characters.ended:
                raise TextError(
                    f"{where}: not JSON ({error}); a .json file is an array of objects or strings"
                ) from error
            if held > LONGEST_LINE_BYTES:
                raise TextError(
                    f"{where}: not JSON ({error}), or a record of over {LONGEST_LINE_BYTES >> 20} MiB, the limit for one"
                ) from error
            characters.more(held)  # twice as much each time
            continue
        return value


def _decoded(file: io.BufferedReader, name: str) -> Iterator[str]:
    """The characters of a file in pieces."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    block = b"first"
    while block:
        block = file.read(_READ_BYTES)
        try:
            yield decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise TextError(f"{name}: not UTF-8, {conversion_advice(block, name)}") from error


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
