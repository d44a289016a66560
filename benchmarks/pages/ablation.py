"""The figures of `ablation.py` -> the tables in docs/ablation.md and its Chinese version."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.pages.markdown_table import markdown_table
from benchmarks.pages.marked_page import write_between
from benchmarks.record import ROOT

PAGES = (ROOT / "docs" / "ablation.md", ROOT / "docs" / "ablation.zh.md")
BEGIN, END = (
    "<!-- ablation: written by `python -m benchmarks.measure.training.ablation --write-docs` -->",
    "<!-- end of ablation -->",
)
_MISSING = "·"  # not measured yet
_FULL = "full"
_HEADS = (
    ("model", "million tokens read", "perplexity forward", "backward", "mean", "against the first row", "parts of speech",
     "senses"),
    ("模型", "读过的词元（百万）", "前向困惑度", "后向", "平均", "与第一行相比", "词性", "词义"),
)  # fmt: skip
LABELS = {
    "full": ("as in the recipe: characters, 2 layers", "按配方：字符输入，2 层"),
    "layers-1": ("1 layer", "1 层"),
    "layers-3": ("3 layers", "3 层"),
    "forward": ("the forward half of the first row", "第一行的前向一半"),
    "words": ("word vectors instead of characters", "用词向量代替字符"),
    "characters-and-words": ("characters and word vectors", "字符加词向量"),
    "no-residual": ("without residual connection", "没有残差连接"),
    "no-clip": ("without clipping of cell and projection", "记忆元和投影不裁剪"),
    "state-never-reset": ("state never reset", "从不重置隐状态"),
    "no-unit-dropout": ("without dropout of units", "没有单元的暂退"),
    "no-word-dropout": ("without dropout of words", "没有整词的暂退"),
    "no-recurrent-dropout": ("without dropout of recurrent weights", "没有循环权重的暂退"),
}


def write_tables(rows: Mapping[str, Mapping[str, Any]], pages: Sequence[Path] = PAGES) -> Iterator[Path]:
    """Write the table into both pages; yields them.

    Args:
        rows: `ROW/SEED` -> what was stored of it.
    """
    for language, page in enumerate(pages):
        write_between(page, BEGIN, END, _content(rows, language))
        yield page


def _content(rows: Mapping[str, Mapping[str, Any]], language: int) -> str:
    seeds: dict[str, list[Mapping[str, Any]]] = {}
    for name, kept in rows.items():
        seeds.setdefault(name.rpartition("/")[0], []).append(kept["figures"])
    full = seeds.get(_FULL, [])
    cells = [[labels[language], *_cells(seeds.get(row, []), full)] for row, labels in LABELS.items()]
    machines = dict.fromkeys(f"{kept['machine']}, {kept['date']}" for kept in rows.values())
    source = f"\n\nresults/ablation.json; {'; '.join(machines)}." if rows else ""
    return markdown_table(_HEADS[language], cells) + source


def _cells(found: Sequence[Mapping[str, Any]], full: Sequence[Mapping[str, Any]]) -> list[str]:
    """The cells of a row after its name: means over seeds, with half the difference between the highest and the lowest."""
    if not found:
        return [_MISSING] * (len(_HEADS[0]) - 1)
    tokens = f"{mean(one['tokens_read'] for one in found) / 1e6:.1f}"
    compared = "forward" if "mean" not in found[0] else "mean"
    change = ""
    if full and found is not full and compared == "mean":
        change = f"{100 * (mean(one[compared] for one in found) / mean(one[compared] for one in full) - 1):+.1f} %"
    return [
        tokens,
        *(_spread([one[name] for one in found if name in one]) for name in ("forward", "backward", "mean")),
        change,
        *(_spread([one[name] for one in found]) for name in ("pos", "senses")),
    ]


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    return f"{mean(values):.1f}" + (f" ± {(max(values) - min(values)) / 2:.1f}" if len(values) > 1 else "")
