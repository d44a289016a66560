"""Paths -> the files of a knowledge base, what each is, and its entries."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from elmo.answers.kb_file import FAQ_KINDS, KB_FILE, KBSettings, SourceFacts, SourceKind
from elmo.errors import TextError
from elmo.storage.compressed import inner_suffix, read_errors
from elmo.text.passages.decoded import LONGEST_FILE_BYTES, LONGEST_PAGE_BYTES, read_decoded
from elmo.text.passages.faq_rows import faq_rows, written_text
from elmo.text.passages.html_blocks import html_text
from elmo.text.passages.passages import passages_of
from elmo.text.passages.plain_view import PlainView, Run
from elmo.text.tokenizer import Tokenizer

_KINDS: dict[str, SourceKind] = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_SUFFIXES = "txt, md, html, csv, tsv, jsonl"


class Entry(NamedTuple):
    """A passage, or a question with its stored answer.

    Attributes:
        view: the passage, or the answer. title: the headings above, or the question.
    """

    view: PlainView
    title: str


def kind_of_source(path: Path) -> SourceKind:
    """What a file is, by its name; any other name is plain text."""
    return _KINDS.get(inner_suffix(path), "text")


def find_sources(paths: Sequence[str | Path], without: Path | None = None) -> list[Path]:
    """The files of a knowledge base: those named, and those in folders, at any depth, whose names say what they are.

    Hidden files and folders, and knowledge bases, are passed over. The order is that of the names, whatever that of the paths.

    Args:
        without: a folder that is passed over.
    Raises:
        TextError: a path is missing, or there is no file to read.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        with read_errors(path):
            is_folder = path.is_dir()
            if not is_folder and not path.is_file():
                path.stat()
                raise TextError(
                    f"{path}: neither a file nor a folder; give {_SUFFIXES} files, or a folder with such files"
                )
            files = _files_in(path, without) if is_folder else [path]
        for file in files:
            found.setdefault(os.path.abspath(file), file)
    if not found:
        given = ", ".join(str(path)[:80] for path in paths[:5])
        raise TextError(
            f"{given}: no file to read ({_SUFFIXES}, also gz, xz, zst, bz2); give files, or a folder with such files"
        )
    return [found[name] for name in sorted(found)]


def _files_in(folder: Path, without: Path | None) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        if KB_FILE in files or (without is not None and os.path.abspath(parent) == os.path.abspath(without)):
            folders[:] = []
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if not name.startswith(".") and inner_suffix(path) in _KINDS and path.is_file():
                yield path


def facts_of_source(path: Path, folder: Path) -> SourceFacts:
    """A source as it is now, its entries not counted.

    Args:
        folder: of the knowledge base.
    Raises:
        TextError: it cannot be read, or its name is not Unicode.
    """
    with read_errors(path), path.open("rb") as file:
        there = os.fstat(file.fileno())
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    name = os.path.relpath(path.absolute(), folder.absolute())
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise TextError(f"{name!r}: the name of this file is not UTF-8; rename it") from None
    return SourceFacts(
        path=name,
        kind=kind_of_source(path),
        size_bytes=there.st_size,
        mtime_ns=there.st_mtime_ns,
        sha256=sha256,
        n_entries=0,
    )


def has_changed(path: Path, facts: SourceFacts) -> bool:
    """Whether a file is another one than was read; its content is compared where size is the same and time is not.

    Raises:
        TextError: it is gone, or cannot be read.
    """
    with read_errors(path):
        there = path.stat()
        if there.st_size != facts.size_bytes:
            return True
        if there.st_mtime_ns == facts.mtime_ns:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != facts.sha256


def read_entries(path: Path, kind: SourceKind, settings: KBSettings, tokenizer: Tokenizer) -> Iterator[Entry]:
    """The entries of a source, in order.

    Raises:
        TextError: it is no text, of another encoding, too long, or a table without questions and answers.
    """
    document = _decoded(path, kind)
    if kind in FAQ_KINDS:
        for row in faq_rows(document, kind, str(path), settings.question, settings.answer):
            yield Entry(PlainView(row.answer, (Run(0, row.start, row.end - row.start),)), row.question)
        return
    for passage in passages_of(document, kind, tokenizer, settings.passages):
        yield Entry(passage.view, passage.heading)


def _decoded(path: Path, kind: SourceKind) -> str:
    return read_decoded(path, LONGEST_PAGE_BYTES if kind in ("html", "markdown") else LONGEST_FILE_BYTES)


def read_source(path: str | Path, start: int = 0, end: int | None = None) -> str:
    """What the characters start .. end - 1 of a source say: the answer of which a knowledge base gave them.

    They count characters of the decoded file: `open(path, encoding="utf-8-sig", newline="").read()[start:end]`. Of plain text
    and Markdown white space is one blank; of HTML tags are left out and entities decoded; of tables and JSON lines doubled
    quotation marks and escapes are those of a cell.

    Raises:
        TextError: it cannot be read.
    """
    kind = kind_of_source(Path(path))
    raw = _decoded(Path(path), kind)[start:end]
    if kind in FAQ_KINDS:
        return written_text(raw, kind)
    return html_text(raw) if kind == "html" else " ".join(raw.split())
