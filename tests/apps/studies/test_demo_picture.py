"""Labels of the demo's picture cover neither each other nor a point."""

import numpy as np
import pytest

from elmo.apps.studies.demo_picture import LABEL_DISTANCE, LABEL_HEIGHT, LETTER_WIDTH, POINT_HEIGHT, label_heights


def box(x, label):
    ends = x, x + (1 if x < 0.5 else -1) * (LABEL_DISTANCE + LETTER_WIDTH * len(label))
    return min(ends), max(ends)


@pytest.mark.parametrize("seed", range(20))
def test_no_label_covers_another_or_a_point(seed):
    rng = np.random.default_rng(seed)
    points = rng.random((8, 2)).astype(np.float32) * [1, 0.6]
    labels = ["a word" * n for n in rng.integers(1, 4, 8)]
    heights = label_heights(points, labels)
    assert all(height >= y for height, y in zip(heights, points[:, 1], strict=True))
    for i, (x, _) in enumerate(points):
        left, right = box(x, labels[i])
        for j, (other_x, other_y) in enumerate(points):
            if i == j:
                continue
            start, end = box(other_x, labels[j])
            assert abs(heights[i] - heights[j]) > 0.99 * LABEL_HEIGHT or right <= start or end <= left
            assert abs(heights[i] - other_y) > 0.99 * POINT_HEIGHT or not left < other_x < right


def test_labels_that_are_alone_stay_beside_their_points():
    points = np.array([[0.1, 0.1], [0.1, 0.5], [0.9, 0.9]], dtype=np.float32)
    assert label_heights(points, ["a", "b", "c"]) == pytest.approx([0.1, 0.5, 0.9])
