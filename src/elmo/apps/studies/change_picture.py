"""The picture of `elmo change`: occurrences of the words that changed most, one panel per word, one colour per slice."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.apps.pages.empty_figure import empty_figure, write_figure
from elmo.apps.studies.demo_picture import in_the_plane

Vectors = NDArray[np.float32]


def draw_changes(words: Sequence[tuple[str, Vectors, Vectors]], names: tuple[str, str], path: Path) -> bool:
    """Draw up to six words.

    Args:
        words: with their vectors (n, D) in each slice. names: of the slices.
        path: the PNG to write.
    Returns:
        False without matplotlib (extra `plots`): nothing is drawn.
    """
    figure = empty_figure(13, 8)
    if figure is None:
        return False
    for number, (word, a, b) in enumerate(words[:6]):
        axes: Any = figure.add_subplot(2, 3, number + 1)
        points = in_the_plane(np.concatenate([a, b]))
        for own, colour, marker, name in zip(
            (points[: len(a)], points[len(a) :]), ("#1f6fb4", "#d95f02"), ("o", "s"), names, strict=True
        ):
            axes.scatter(*own.T, c=colour, marker=marker, s=18, alpha=0.6, label=name, linewidths=0)
        axes.set(xticks=[], yticks=[])
        axes.set_title(word, fontsize=13)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle("Occurrences, projected onto their first two principal components")
    write_figure(figure, path)
    return True
