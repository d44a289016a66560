"""Texts of the cases, from the folder of data or by hand."""

import gzip
from pathlib import Path
from typing import Any

from benchmarks.measure.house.cases.case import Room


def unpacked(path: Path) -> str:
    """The text of a gz file."""
    return gzip.decompress(path.read_bytes()).decode("utf-8")


def write_first(source: Path, target: Path, n_blocks: int, skip: int = 0, separator: str = "\n") -> Path:
    """The first blocks of a packed text; of CoNLL files the separator is a blank line."""
    blocks = unpacked(source).split(separator)
    target.write_text(separator.join(blocks[skip : skip + n_blocks]) + separator, encoding="utf-8")
    return target


def write_wikitext(room: Room, n_bytes: int = 1_500_000) -> tuple[Path, Path]:
    """Text to train on and text held out, in the case's folder."""
    texts = room.shared / "data" / "lm" / "wikitext2"
    train, heldout = room.folder / "train.txt", room.folder / "heldout.txt"
    if not train.exists():
        content = unpacked(texts / "train.txt.gz")[:n_bytes]
        train.write_text(content[: content.rindex("\n") + 1], encoding="utf-8")
        write_first(texts / "valid.txt.gz", heldout, 40)
    return train, heldout


def write_raw(room: Room, n_lines: int = 150) -> Path:
    """Raw text of several sentences a line."""
    return write_first(room.shared / "data/lm/english/heldout.txt.gz", room.folder / "raw.txt", n_lines)


SENTENCES: list[str | list[str]] = [
    "Dr. Smith doesn't swim in the U.S., he said (twice).",
    "The bank of the river; the bank's $3.5m loan - 12% p.a.",
    "naïve café, e\u0301tude, ÅNGSTRÖM and ﬁligree",
    "Ὅμηρος ἔγραψε. Добрый день! שלום עולם مرحبا",
    "我们在北京大学学习。今天天气很好，你好吗？",
    "東京は日本の首都です。 नमस्ते दुनिया ภาษาไทย",
    "👩\u200d👩\u200d👧 loves 🍕🍕 #nlp @someone https://example.org/a?b=c&d=e",
    "a",
    "...",
    [],
    ["one"],
    ["<S>", "literal", "</S>", "<UNK>", "<unk>"],
    ["Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "x" * 60, "y" * 47, "z" * 48],
    ["a token with blanks", "zero\u200bwidth", "\u3000", "tab\tinside"],
    ["the"] * 90,
    ["A", "a", "A", "a", "THE", "The", "the"],
    ["3", "3.14", "1,000,000", "-", "--", "''", "``", "-LRB-"],
    ["of"] * 2,
    ["to", "be", "or", "not", "to", "be", "that", "is", "the", "question"],
    "It's a teh qiuck brwon fox.",
]


def sentences(room: Room, chinese: bool = False) -> list[Any]:
    """Sixty: odd ones by hand, and real ones between 3 and 50 tokens."""
    if chinese:
        text = unpacked(room.shared / "data/lm/chinese/heldout_wiki.txt.gz")
        found: list[Any] = [line[:60] for line in text.splitlines() if line.strip()]
    else:
        text = unpacked(room.shared / "data/lm/wikitext2/valid.txt.gz")
        found = [line.split()[: 3 + 7 * n % 48] for n, line in enumerate(text.splitlines()) if line.strip()]
    return [*SENTENCES, *found[: 60 - len(SENTENCES)]]
