"""The picture of the demo: occurrences of ambiguous words in the plane, one panel per word, one colour per sense."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.apps.pages.empty_figure import empty_figure, write_figure

LABEL_HEIGHT = 0.04  # fraction of a panel


def draw_occurrences(
    words: Sequence[str], senses: Sequence[str], labels: Sequence[str], vectors: NDArray[np.float32], path: Path
) -> bool:
    """Draw two senses of each word.

    Args:
        words, senses, labels: of each occurrence; the label is a few words around it.
        vectors: float32 (occurrences, D).
        path: the PNG to write.
    Returns:
        False without matplotlib (extra `plots`): nothing is drawn.
    """
    figure = empty_figure(14, 9)
    if figure is None:
        return False
    for number, word in enumerate(dict.fromkeys(words)):
        axes: Any = figure.add_subplot(2, 3, number + 1)
        own = [i for i, other in enumerate(words) if other == word]
        points = in_the_plane(vectors[own])
        own_senses = np.array([senses[i] for i in own])
        for colour, marker, sense in zip(("#1f6fb4", "#d95f02"), ("o", "s"), dict.fromkeys(own_senses), strict=True):
            axes.scatter(
                *points[own_senses == sense].T, c=colour, marker=marker, s=60, label=f"{word} {sense}", zorder=2
            )
        for i, point, height in zip(own, points, _spread(points[:, 1]), strict=True):
            side = 1 if point[0] < 0.5 else -1  # the label is on the side of the middle of the panel
            axes.annotate(
                labels[i],
                point,
                (point[0] + side * 0.04, height),
                arrowprops={"arrowstyle": "-", "color": "0.7", "linewidth": 0.6},
                horizontalalignment="left" if side > 0 else "right",
                verticalalignment="center",
                fontsize=8,
            )
        axes.set(xlim=(-0.08, 1.08), ylim=(-0.08, 1.2), xticks=[], yticks=[])
        axes.set_title(word, fontsize=13)
        axes.legend(fontsize=8, loc="upper center", ncols=2, frameon=False)
    figure.suptitle("Occurrences in the top layer, projected onto the first two principal components of each word")
    write_figure(figure, path)
    return True


def in_the_plane(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first two principal components, each stretched to 0..1: float (n, D) -> (n, 2)."""
    centred = x - x.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    flat = centred @ directions[:2].T
    low, high = flat.min(axis=0), flat.max(axis=0)
    points: NDArray[np.float32] = (flat - low) / np.where(high > low, high - low, 1)
    return points


def _spread(heights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Heights of labels, moved up so that labels do not overlap."""
    spread = heights.copy()
    for lower, upper in pairwise(heights.argsort()):
        spread[upper] = max(spread[upper], spread[lower] + LABEL_HEIGHT)
    return spread
