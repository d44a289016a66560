"""The picture of docs/elmo-vs-static.md: one group of bars per probe, one bar per system."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.pages.versus_words import CONTEXT, ENGLISH, FASTTEXT, RANDOM, TOKEN, WORD2VEC, Kind
from elmo.analysis.probe_scores import MAJORITY, Score
from elmo.apps.pages.empty_figure import empty_figure

# Colours of Okabe and Ito, which colour-blind readers can distinguish; hatches for printing without colour.
_LOOKS = {
    WORD2VEC: ("#e69f00", ""),
    FASTTEXT: ("#56b4e9", ""),
    TOKEN: ("#cc79a7", "//"),
    CONTEXT: ("#0072b2", ""),
    RANDOM: ("#bbbbbb", ".."),
}
_WIDTH = 0.17  # of a bar; the distance between groups is 1


def draw_bars(best: Mapping[tuple[Kind, str], Score], path: Path) -> bool:
    """Draw the best view of each system on each probe that is measured, with the deviation of the seeds.

    Args:
        path: the PNG to write.
    Returns:
        False without matplotlib (extra `plots`): nothing is drawn.
    """
    figure = empty_figure(15, 5.6)
    if figure is None:
        return False
    axes: Any = figure.add_subplot()
    kinds = [kind for kind in ENGLISH.probes if any(kind == measured for measured, _ in best)]
    groups = [[system for system in _LOOKS if (kind, system) in best] for kind in kinds]
    for system, (colour, hatch) in _LOOKS.items():
        bars = [
            (at + (group.index(system) - (len(group) - 1) / 2) * _WIDTH, best[kinds[at], system])
            for at, group in enumerate(groups)
            if system in group
        ]
        axes.bar(
            [x for x, _ in bars],
            [score.value for _, score in bars],
            0.92 * _WIDTH,
            yerr=[score.deviation if len(score.values) > 1 else math.nan for _, score in bars],
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            error_kw={"ecolor": "black", "elinewidth": 1, "capsize": 2},
            label=ENGLISH.systems[system],
        )
        for x, score in bars:
            height = max(0.0, score.value) + score.deviation + 1
            axes.text(x, height, f"{score.value:.1f}", ha="center", va="bottom", fontsize=8.5, color="0.2")
    for at, kind in enumerate(kinds):
        if (kind, MAJORITY) in best:
            half = len(groups[at]) / 2 * _WIDTH
            line = (best[kind, MAJORITY].value, at - half, at + half)
            axes.hlines(*line, colors="white", linewidth=3)  # visible on a dark bar too
            axes.hlines(*line, colors="black", linestyles="--", linewidth=1.2)
    axes.plot([], [], color="black", linestyle="--", linewidth=1.2, label=ENGLISH.systems[MAJORITY])
    axes.set_xticks(range(len(kinds)), [_label(kind, best) for kind in kinds], fontsize=10.5)
    axes.set(
        xlim=(-0.55, len(kinds) - 0.45),
        ylim=(min([0.0, *(score.value for score in best.values())]) - 1, 108),
        ylabel="percent",
        yticks=range(0, 101, 20),
    )
    axes.tick_params(axis="x", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper center", ncols=len(_LOOKS) + 1, frameon=False, fontsize=11)
    figure.savefig(path, format="png", dpi=110)
    return True


def _label(kind: Kind, best: Mapping[tuple[Kind, str], Score]) -> str:
    """The probe, its score and its set, one line each."""
    of = next(score.of for (measured, _), score in best.items() if measured == kind)
    name, _, score = ENGLISH.probes[kind].partition(" (")
    return f"{name}\n{score.rstrip(')')}, {of}"
