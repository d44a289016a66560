"""What is kept of `corpus_sizes.py` -> the table in docs/your-own-language.md and in its Chinese twin, between two marks."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marked_page import write_between
from record import ROOT

PAGES = (ROOT / "docs" / "your-own-language.md", ROOT / "docs" / "your-own-language.zh.md")
_BEGIN, _END = "<!-- sizes: written by `python benchmarks/corpus_sizes.py --write-docs` -->", "<!-- end of sizes -->"
_MISSING = "·"  # not measured yet
_ROWS = ("basque/1", "basque/3", "english/1", "english/10", "english/50")
_HEADS = {
    PAGES[0]: (
        "text",
        "words",
        "passes",
        "minutes",
        "perplexity",
        "unknown words",
        "bits a byte",
        "of a 5-gram",
        "senses",
    ),
    PAGES[1]: ("文本", "词数", "遍数", "分钟", "困惑度", "未知词", "每字节比特", "5-gram 的每字节比特", "词义"),
}
_LANGUAGES = {PAGES[0]: ("Basque", "English"), PAGES[1]: ("巴斯克语", "英语")}


def write_tables(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Path]:
    """Put the table into both pages; tells which."""
    for page in PAGES:
        write_between(page, _BEGIN, _END, _table(rows, page))
        yield page


def _table(rows: Mapping[str, Mapping[str, Any]], page: Path) -> str:
    heads = _HEADS[page]
    lines = [f"| {' | '.join(heads)} |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for row in _ROWS:
        language, size = row.split("/")
        name = f"{_LANGUAGES[page][language == 'english']}, {size} MB"
        found = rows.get(row, {}).get("figures")
        lines.append(f"| {' | '.join([name, *(_cells(found) if found else [_MISSING] * (len(heads) - 1))])} |")
    return "\n".join(lines) + "\n"


def _cells(found: Mapping[str, Any]) -> list[str]:
    return [
        f"{found['tokens']:,}",
        str(found["epochs"]),
        f"{found['minutes']:.0f}",
        f"{found['mean']:.0f}",
        f"{100 * found['oov_rate']:.0f} %",
        f"{found['bits_per_byte']:.3f}",
        f"{found['kneser_ney_5_bits_per_byte']:.3f}",
        f"{found['senses']:.1f}" if "senses" in found else "",
    ]
