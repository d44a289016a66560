"""A text file -> its characters, by which passages and answers are counted."""

import codecs
from pathlib import Path

from elmo.errors import TextError
from elmo.storage.compressed import name_of
from elmo.text.sources.encodings import conversion_advice
from elmo.text.sources.lines import HEAD_BYTES, open_text

LONGEST_FILE_BYTES = 2**28
LONGEST_PAGE_BYTES = 2**24  # of HTML and Markdown, which are read whole by a parser


def read_decoded(path: Path, longest_bytes: int = LONGEST_FILE_BYTES) -> str:
    """The text of a file, unpacked; a byte order mark is dropped, line ends stay as they are.

    For a plain UTF-8 file: `open(path, encoding="utf-8-sig", newline="").read()`.

    Raises:
        TextError: it is missing, no text, not UTF-8 (or UTF-16), or longer than `longest_bytes`.
    """
    with open_text(path) as file:
        content = file.read(longest_bytes + 1)
    if len(content) > longest_bytes:
        raise TextError(
            f"{name_of(path)}: over {longest_bytes >> 20} MiB, the limit for one file of this kind; split it into several files"
        )
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        sample = content[max(0, error.start - HEAD_BYTES // 2) : error.start + HEAD_BYTES]
        where = f"byte {error.object[error.start]:#04x} at position {error.start:,}"
        raise TextError(f"{name_of(path)}: not UTF-8 ({where}), {conversion_advice(sample, name_of(path))}") from error
