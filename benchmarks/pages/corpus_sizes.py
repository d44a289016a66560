"""The figures of `corpus_sizes.py` -> the table in docs/your-own-language.md and its Chinese version, and a picture."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.pages.marked_page import write_between
from benchmarks.record import ROOT
from elmo.apps.pages.empty_figure import empty_figure

PICTURE = ROOT / "docs" / "corpus-sizes.png"
PAGES = (ROOT / "docs" / "your-own-language.md", ROOT / "docs" / "your-own-language.zh.md")
_BEGIN, _END = (
    "<!-- sizes: written by `python -m benchmarks.measure.training.corpus_sizes --write-docs` -->",
    "<!-- end of sizes -->",
)
_MISSING = "·"  # not measured yet
_ROWS = ("basque/1", "basque/3", "english/1", "english/10", "english/50")
_HEADS = {
    PAGES[0]: (
        "text",
        "words",
        "epochs",
        "minutes",
        "perplexity",
        "unknown words",
        "bits per byte",
        "bits per byte of the 5-gram",
        "senses",
    ),
    PAGES[1]: ("文本", "词数", "迭代周期", "分钟", "困惑度", "未知词", "每字节比特数", "5-gram 的每字节比特数", "词义"),
}
_LANGUAGES = {PAGES[0]: ("Basque", "English"), PAGES[1]: ("巴斯克语", "英语")}
_COLOURS = {"1": "#e69f00", "3": "#009e73", "10": "#56b4e9", "50": "#0072b2"}  # megabytes; Okabe and Ito


def write_tables(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Path]:
    """Write the table into both pages; yields the pages."""
    for page in PAGES:
        write_between(page, _BEGIN, _END, _table(rows, page))
        yield page


def draw_curves(rows: Mapping[str, Mapping[str, Any]]) -> bool:
    """Draw held-out perplexity during training, a panel per language, the 5-gram model dashed; False without matplotlib."""
    figure = empty_figure(11, 4.2)
    if figure is None:
        return False
    for number, language in enumerate(("english", "basque"), start=1):
        axes: Any = figure.add_subplot(1, 2, number)
        for row in _ROWS:
            if row.startswith(language) and row in rows:
                found, size = rows[row]["figures"], row.split("/")[1]
                passes, values = zip(*found["curve"], strict=True)
                axes.plot(
                    [100 * p / found["epochs"] for p in passes],
                    values,
                    marker=".",
                    color=_COLOURS[size],
                    label=f"{size} MB, {found['epochs']} epochs",
                )
                axes.axhline(found["kneser_ney_5"], color=_COLOURS[size], linestyle="--", linewidth=1)
        axes.set(
            title=language.capitalize(), xlabel="percent of the training", ylabel="held-out perplexity", xlim=(0, 100)
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(PICTURE, format="png", dpi=110)
    return True


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
