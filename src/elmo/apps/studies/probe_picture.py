"""The picture of `elmo probe`: the score of each layer, one panel per probe, other systems as horizontal lines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elmo.analysis.probe_scores import Score, best_views
from elmo.apps.pages.empty_figure import empty_figure, write_figure
from elmo.apps.studies.probe_page import TITLES, with_means

_COLOURS = ("#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#999999")
_STYLES = ("--", ":", "-.", (0, (1, 3)), (0, (6, 2, 1, 2, 1, 2)))


def draw_probes(scores: Sequence[Score], name: str, path: Path) -> bool:
    """Draw the layers of the model `name`; a probe with several sets is drawn as their mean.

    Args:
        path: the PNG to write.
    Returns:
        False without matplotlib (extra `plots`): nothing is drawn.
    """
    figure = empty_figure(14, 7)
    if figure is None:
        return False
    rows = [row for row in with_means(scores) if row.text == "clean"]
    panels = [kind for kind in TITLES if any((row.probe, row.measure) == kind for row in rows)]
    n_rows = 1 if len(panels) < 4 else 2
    lines: dict[str, Any] = {}
    for number, kind in enumerate(panels):
        own = [row for row in rows if (row.probe, row.measure) == kind]
        of = own[-1].of  # the mean, where there are several sets
        own = [row for row in own if row.of == of]
        axes: Any = figure.add_subplot(n_rows, -(-len(panels) // n_rows), number + 1)
        _draw_panel(axes, own, name, lines)
        axes.set_title(f"{TITLES[kind]} ({of})", fontsize=11)
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=4, frameon=False)
    write_figure(figure, path)
    return True


def _draw_panel(axes: Any, rows: Sequence[Score], name: str, lines: dict[str, Any]) -> None:
    layers = [row for row in rows if row.system == name and "context" not in row.view]
    lines[name] = axes.errorbar(
        range(len(layers)), [row.value for row in layers], [row.deviation for row in layers], fmt="o-", color="#1f6fb4"
    )
    axes.set_xticks(range(len(layers)), [row.view for row in layers], fontsize=9)
    others = [row for row in best_views(rows) if row.system != name]
    for row in others:
        look = [*lines].index(row.system) if row.system in lines else len(lines)  # the same in all panels
        colour, style = _COLOURS[(look - 1) % len(_COLOURS)], _STYLES[(look - 1) % len(_STYLES)]
        line = axes.axhline(row.value, color=colour, linestyle=style, linewidth=1.4)
        lines.setdefault(row.system, line)
    axes.set_ylabel("percent", fontsize=9)
