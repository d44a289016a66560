"""The picture of the demo: occurrences of ambiguous words in the plane, one panel per word, one colour per sense."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.apps.pages.empty_figure import empty_figure, write_figure

LABEL_HEIGHT, LABEL_DISTANCE, LETTER_WIDTH, POINT_HEIGHT = 0.04, 0.04, 0.015, 0.035  # fractions of a panel
HIGHEST = 1.1  # below the legend


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
        heights = label_heights(points, [labels[i] for i in own])
        for i, point, height in zip(own, points, heights, strict=True):
            side = _side(point[0])
            axes.annotate(
                labels[i],
                point,
                (point[0] + side * LABEL_DISTANCE, height),
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


def label_heights(points: NDArray[np.float32], labels: Sequence[str]) -> list[float]:
    """The heights of labels beside their points, moved up so that none covers another label or another point.

    Args:
        points: float (n, 2), of the labels. labels: texts; how wide one is drawn is estimated from its length.
    """
    heights = [float(y) for y in points[:, 1]]
    placed: list[int] = []
    spans = [_span_of(float(x), label) for x, label in zip(points[:, 0], labels, strict=True)]

    def is_free(i: int) -> bool:
        left, right = spans[i]
        over_labels = (spans[j] for j in placed if abs(heights[i] - heights[j]) < LABEL_HEIGHT)
        over_points = (x for j, (x, y) in enumerate(points.tolist()) if j != i and abs(heights[i] - y) < POINT_HEIGHT)
        return not (
            any(left < other[1] and other[0] < right for other in over_labels)
            or any(left < x < right for x in over_points)
        )

    for i in points[:, 1].argsort().tolist():
        while not is_free(i) and heights[i] < HIGHEST:
            heights[i] += LABEL_HEIGHT / 4
        placed.append(i)
    return heights


def _side(x: float) -> int:
    """On which side of its point a label is drawn: towards the middle of the panel."""
    return 1 if x < 0.5 else -1


def _span_of(x: float, label: str) -> tuple[float, float]:
    """From where to where a label reaches."""
    ends = x, x + _side(x) * (LABEL_DISTANCE + LETTER_WIDTH * len(label))
    return min(ends), max(ends)
