"""The format of a file, by its name and its first bytes, the same for every command."""

import json
from pathlib import Path
from typing import Literal

from elmo.errors import TextError
from elmo.storage.compressed import inner_suffix, packing_of

Format = Literal["lines", "jsonl", "json", "csv", "tsv", "parquet", "conllu", "columns"]

_BY_SUFFIX: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonlines": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".conllu": "conllu",
    ".conll": "columns",
    ".iob": "columns",
    ".iob2": "columns",
}
FORMATS = "txt, jsonl, json, csv, tsv, parquet, CoNLL"  # for messages; each also packed
_OFFICE = {
    ".docx": "a Word document",
    ".xlsx": "an Excel workbook",
    ".odt": "an OpenDocument text",
    ".epub": "an e-book",
}
_PARQUET = b"PAR1"
_FOREIGN = (  # first bytes -> what it is, and what to do
    (b"%PDF", "a PDF document; extract its text: pdftotext {file} text.txt"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, numbers and not text; give the text that it was made from"),
    (b"\x93NUMPY", "a NumPy array, numbers and not text; give the text that it was made from"),
    (b"ARROW1", "an Arrow file; save its table as parquet"),
    (b"FEA1", "a Feather file; save its table as parquet"),
    (b"Obj\x01", "an Avro file; save its table as parquet"),
    (b"ORC", "an ORC file; save its table as parquet"),
    (b"SQLite format 3\0", "an SQLite database; write its texts to a .csv file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first: 7z x {file}"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it first: unrar x {file}"),
    (b"\x1f\x9d", "compressed with compress; unpack it first: gzip -d {file}"),
    (b"\x04\x22\x4d\x18", "compressed with lz4; unpack it first: lz4 -d {file}"),
    (b"{\\rtf", "a rich-text document (RTF); save it as plain text in UTF-8"),
    (b"%!PS", "a PostScript document; extract its text: ps2ascii {file} text.txt"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an old Microsoft Office; save it as plain text in UTF-8"),
    (b"\x89PNG", "a picture (PNG), not text"),
    (b"\xff\xd8\xff", "a picture (JPEG), not text"),
    (b"GIF8", "a picture (GIF), not text"),
    (b"\x7fELF", "a program, not text"),
)  # fmt: skip
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))  # which no text holds often
_MOST_CONTROLS = 0.1  # of the first bytes
_TAR_AT = 257  # where a tar archive says what it is


def format_of(path: Path) -> Format:
    """The format of a file name by its ending; any other ending means lines of text."""
    return _BY_SUFFIX.get(inner_suffix(path), "lines")


def holds_conllu(path: Path) -> bool:
    """Whether a file has the name of CoNLL-U, compressed or not."""
    return format_of(path) == "conllu"


def is_parquet(head: bytes) -> bool:
    """Whether the first bytes are those of a parquet file."""
    return head.startswith(_PARQUET)


def refuse_foreign(head: bytes, name: str) -> None:
    """Refuse bytes that are not text, with the name of their format.

    Args:
        head: the first bytes of a file, unpacked.
        name: of the file, for the message.
    Raises:
        TextError: they are a document, an archive, a picture, an array; the message says which, and what to do.
    """
    if (packing := packing_of(head)) is not None:
        raise TextError(f"{name}: compressed twice ({packing} inside); unpack it once first")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        kind = _OFFICE.get(Path(name).suffix.lower())
        raise TextError(
            f"{name}: {kind}; save it as plain text in UTF-8, or a table as .csv"
            if kind
            else f"{name}: a zip archive; unpack it first: unzip {name}, then give the files in it"
        )
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        raise TextError(f"{name}: a tar archive; unpack it first: tar -xf {name}, then give the files in it")
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise TextError(f"{name}: {what.format(file=name)}")


def refuse_controls(head: bytes, name: str) -> None:
    """Refuse bytes of which many are control characters, as no text has.

    Args:
        head: the first bytes of a file, unpacked, in an encoding of one byte a letter.
    Raises:
        TextError: they are no text.
    """
    n_controls = len(head) - len(head.translate(None, _CONTROLS))
    if n_controls > _MOST_CONTROLS * len(head):
        raise TextError(
            f"{name}: no text, {100 * n_controls / len(head):.0f} % of its first bytes are control characters; give a text in "
            "UTF-8"
        )


def format_by_content(named: Format, head: bytes) -> Format:
    """The format of a text: that of its name, but JSON lines and CoNLL-U are also recognised by their first bytes.

    Args:
        named: the format of the name; any other than lines is believed.
        head: the first bytes in UTF-8.
    """
    if named == "columns" and _begins_conllu(head):
        return "conllu"
    if named != "lines":
        return named
    if _begins_json_lines(head):
        return "jsonl"
    return "conllu" if _begins_conllu(head) else "lines"


def _lines_of(head: bytes) -> list[bytes]:
    """The complete lines of the first bytes; all of them if they have no line end."""
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return lines[:-1] if len(lines) > 1 and lines[-1] else lines


def _begins_json_lines(head: bytes) -> bool:
    """Whether every line of the first bytes is a JSON object."""
    lines = [line for line in _lines_of(head) if line.strip()]
    if not lines or not all(line.lstrip().startswith(b"{") for line in lines):
        return False
    try:
        return all(isinstance(json.loads(line), dict) for line in lines[:20])
    except (ValueError, RecursionError):
        return False


def _begins_conllu(head: bytes) -> bool:
    """Whether the first line that is not a comment has the ten columns of CoNLL-U, the first a word's number."""
    for line in _lines_of(head):
        if line.strip() and not line.startswith(b"#"):
            columns = line.rstrip(b"\r").split(b"\t")
            return len(columns) == 10 and columns[0][:1].isdigit() and columns[6].replace(b"_", b"0").isdigit()
    return False
