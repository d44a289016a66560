"""The figures of `encoders.py` -> the table in docs/training.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.pages.markdown_table import markdown_table
from benchmarks.pages.marked_page import write_between
from benchmarks.record import ROOT

PAGE = ROOT / "docs" / "training.md"
_BEGIN, _END = (
    "<!-- encoders: written by `python -m benchmarks.measure.training.encoders --write-docs` -->",
    "<!-- end of encoders -->",
)
_HEADS = (
    "encoder",
    "weights of the encoder",
    "minutes",
    "tokens read",
    "tokens/s trained",
    "test perplexity forward",
    "backward",
    "mean",
    "tokens/s embedded",
)


def write_table(rows: Mapping[str, Mapping[str, Any]], page: Path = PAGE) -> Path:
    """Write the table into the page, one row per encoder; returns the page."""
    write_between(page, _BEGIN, _END, _content(rows))
    return page


def _content(rows: Mapping[str, Mapping[str, Any]]) -> str:
    cells = []
    for name, kept in rows.items():
        found = kept["figures"]
        whole = [
            f"{found[key]:,.0f}" for key in ("encoder_parameters", "minutes", "tokens_read", "trained_tokens_per_s")
        ]
        perplexities = [f"{found[key]:.1f}" for key in ("forward", "backward", "mean")]
        cells.append([f"`{name}`", *whole, *perplexities, f"{found['embedded_tokens_per_s']:,.0f}"])
    machines = dict.fromkeys(f"{kept['machine']}, {kept['date']}" for kept in rows.values())
    return f"{markdown_table(_HEADS, cells)}\n\nWikiText-2; {'; '.join(machines)} (results/encoders.json)."
