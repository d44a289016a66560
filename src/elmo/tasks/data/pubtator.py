"""The format PubTator -> examples: documents with mentions of concepts, which have ids, and relations of the concepts.

A document is `id|t|title`, `id|a|abstract`, then a line for each mention, `id, start, end, text, kind, concept` with tabs
between, and one for each relation, `id, name, concept, concept`; characters count from the title, with one between it and the
abstract. A mention of several concepts has `|` between them; `-` or `-1` is none.
"""

import re
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from elmo.errors import TextError
from elmo.storage.compressed import inner_suffix
from elmo.tasks.examples import Document, Example, Link, Mention
from elmo.text.sources.lines import read_lines
from elmo.text.tokenizer import VERSION_1, Tokenizer
from elmo.text.tokens import Token

SUFFIX = ".pubtator"
_PART = re.compile(r"([^|\t]+)\|([ta])\|(.*)")
_CONCEPTS = re.compile(r"[|;,]")
_ID = re.compile(r"([A-Za-z]+:)?[A-Z]{0,4}\d+(\.\d+)?")  # of one concept
_NO_CONCEPT = ("", "-", "-1")
_MENTION, _RELATION = 6, 4  # columns, at least


def holds_pubtator(path: Path) -> bool:
    """Whether a file has the name of PubTator, compressed or not."""
    return inner_suffix(path) == SUFFIX


def read_documents(path: Path, tokenizer: Tokenizer = VERSION_1) -> list[Example]:
    """All documents of a file.

    Raises:
        TextError: the file is missing or broken, or a line is none of the format; the message names the line.
    """
    notes: Counter[str] = Counter()
    found = [_document(lines, path, notes, tokenizer) for lines in _blocks(path)]
    if not found:
        raise TextError(f"{path}: contains no document; one begins with the line id|t|title")
    if notes["prefixes"]:
        warnings.warn(
            f"{path}: {notes['prefixes']:,} ids of relations are written differently in the mentions (MESH:D1, D1); they are "
            "matched",
            stacklevel=2,
        )
    return found


def document_example(values: Any, line: int, where: str, tokenizer: Tokenizer = VERSION_1) -> Example:
    """A document passed in by a caller: `text`, and `mentions`, each with `start`, `end`, `kind`, and its concept as `id`.

    Raises:
        TextError: it has another form, or a mention covers no word.
    """
    try:
        text = values["text"]
        given = [(int(m["start"]), int(m["end"]), str(m["kind"]), str(m["id"])) for m in values["mentions"]]
        tokens = tokenizer.tokenize(text)
    except (KeyError, TypeError, ValueError) as error:
        raise TextError(
            f"{where}: not a document ({type(error).__name__} {error}); give text, and mentions with start, end, kind and id"
        ) from error
    mentions = [_mention(tokens, start, end, kind, concept, where) for start, end, kind, concept in given]
    return Example(tokens, [], text, line, document=Document(tuple(mentions), (), _sentences(text, tokens, tokenizer)))


def _blocks(path: Path) -> Iterator[list[tuple[int, str]]]:
    """The lines of each document with their numbers."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate(read_lines(path), start=1):
        part = _PART.fullmatch(line)
        if part and part[2] == "t" and block:
            yield block
            block = []
        if line.strip():
            if not block and not (part and part[2] == "t"):
                raise TextError(
                    f"{path}, line {number}: {line[:40]!r} comes before a title; a document begins with id|t|title"
                )
            block.append((number, line))
    if block:
        yield block


def _document(lines: Sequence[tuple[int, str]], path: Path, notes: Counter[str], tokenizer: Tokenizer) -> Example:
    texts: list[str] = []
    mentions: list[tuple[int, int, str, str, str]] = []  # start, end, kind, concepts, where
    links: list[Link] = []
    tokens: list[Token] = []
    first = lines[0][0]
    for number, line in lines:
        where = f"{path}, line {number}"
        part = _PART.fullmatch(line)
        if part:
            texts.append(part[3])
            tokens = tokenizer.tokenize("\n".join(texts))  # the line end keeps the title a sentence of its own
            continue
        columns = line.split("\t")
        if len(columns) >= _MENTION and columns[1].isdecimal() and columns[2].isdecimal():
            start, end = int(columns[1]), int(columns[2])
            there = " ".join(texts)[start:end]
            if there != columns[3]:
                raise TextError(
                    f"{where}: the mention {columns[3]!r:.60} should be at characters {start} to {end}, but the text "
                    f"there is {there!r:.60}"
                )
            mentions.append((start, end, columns[4].strip(), columns[5].strip(), where))
        elif len(columns) >= _RELATION and not columns[1].isdecimal():
            links.append(Link(columns[2].strip(), columns[3].strip(), columns[1].strip()))
        else:
            raise TextError(
                f"{where}: {len(columns)} column(s); a mention has id, start, end, text, kind and concept with tabs between, "
                "a relation id, name and two concepts"
            )
    text = "\n".join(texts)
    if not tokens:
        raise TextError(f"{path}, line {first}: the document contains no word; leave it out")
    named = {concept for link in links for concept in (link.head, link.tail)}
    located = [
        _mention(tokens, start, end, kind, concepts, where, named) for start, end, kind, concepts, where in mentions
    ]
    found = {concept: mention.kind for mention in located for concept in mention.concepts}
    alike = {concept: _as_mentioned(concept, found) for concept in named}
    links = [Link(alike[link.head], alike[link.tail], link.name) for link in links]
    notes["prefixes"] += sum(concept != other for concept, other in alike.items())
    document = Document(tuple(located), tuple(dict.fromkeys(links)), _sentences(text, tokens, tokenizer))
    return Example(tokens, [], text, first, document=document)


def _mention(
    tokens: Sequence[Token], start: int, end: int, kind: str, concepts: str, where: str, named: Collection[str] = ()
) -> Mention:
    """The tokens and the concepts of a mention.

    Args:
        named: ids in the relations of the document; one of them is one concept though it has bars in it.
    """
    inside = [i for i, token in enumerate(tokens) if token.start < end and token.end > start]
    if not inside:
        raise TextError(f"{where}: the mention at characters {start} to {end} covers no word")
    whole = concepts.strip()
    parts = [part.strip() for part in _CONCEPTS.split(whole)]
    if whole in named or not all(part in _NO_CONCEPT or _ID.fullmatch(part) for part in parts):
        parts = [whole]  # an id with bars, as those of variants: p|SUB|V|158|M
    return Mention(inside[0], inside[-1] + 1, kind, tuple(c for c in parts if c not in _NO_CONCEPT))


def _as_mentioned(concept: str, kinds: Mapping[str, str]) -> str:
    """The id of a relation as the mentions of its document have it: `Chemical|MESH:D1`, `MESH:D1` and `D1` are one concept.

    Args:
        kinds: of the concepts that are mentioned.
    """
    if concept in kinds:
        return concept
    kind, bar, own = concept.partition("|")
    if not bar or kind not in kinds.values():
        own = concept
    if own in kinds:
        return own
    alike = [other for other in kinds if _bare(other) == _bare(own)]
    return alike[0] if len(alike) == 1 else concept


def _bare(concept: str) -> str:
    """An id without the name of its vocabulary."""
    return concept.rpartition(":")[2]


def _sentences(text: str, tokens: Sequence[Token], tokenizer: Tokenizer) -> tuple[int, ...]:
    """The number of each token's sentence, from 0."""
    ends = [end for _, end in tokenizer.split_sentences(text)]
    found, number = [], 0
    for token in tokens:
        while number < len(ends) - 1 and token.start >= ends[number]:
            number += 1
        found.append(number)
    return tuple(found)
