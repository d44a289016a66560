"""The scores of `probes.py` -> the tables of docs/probes.md and its picture."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.pages.marked_page import write_between
from benchmarks.record import ROOT
from elmo.analysis.probe_scores import Score
from elmo.apps.studies.probe_page import best_table, difference_table, typed_table, view_table, with_means
from elmo.apps.studies.probe_picture import draw_probes

PAGE = ROOT / "docs" / "probes.md"
PICTURE = ROOT / "docs" / "probes.png"
_BEGIN, _END = "<!-- written by make reproduce-probes -->", "<!-- up to here -->"


def write_page(scores: Sequence[Score], model: str) -> Path:
    """Write the tables between the two marks of the page."""
    rows = with_means(scores)
    tables = "\n".join(
        [
            best_table(rows),
            "\n### Differences\n",
            difference_table(scores, model),
            "\n### Every view\n",
            view_table(rows),
            "\n### Lost by typing errors\n",
            typed_table(rows),
        ]
    )
    write_between(PAGE, _BEGIN, _END, tables)
    draw_probes(scores, model, PICTURE)
    return PAGE
