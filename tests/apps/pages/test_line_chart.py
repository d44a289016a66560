"""Curves as SVG: every point is drawn at its value."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.apps.pages.line_chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MOST_POINTS,
    RIGHT,
    TOP,
    WIDTH,
    Line,
    draw_chart,
    linear_ticks,
    log_ticks,
    smoothed,
)


def points_of(svg, number=0):
    text = ET.fromstring(svg).findall("polyline")[number].get("points")
    return [tuple(float(part) for part in pair.split(",")) for pair in text.split()]


def test_a_line_from_corner_to_corner_goes_from_corner_to_corner():
    svg = draw_chart([Line("", [0, 50, 100], [0, 5, 10])], "x", 100)
    middle = ((LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2)
    assert points_of(svg) == [(LEFT, HEIGHT - BOTTOM), middle, (WIDTH - RIGHT, TOP)]


def test_on_a_log_scale_equal_factors_are_equal_distances():
    svg = draw_chart([Line("", [1, 2, 3], [10, 100, 1000])], "x", 3, log_scale=True)
    (_, a), (_, b), (_, c) = points_of(svg)
    assert a - b == pytest.approx(b - c, abs=0.1)
    assert a > c


def test_what_is_not_above_zero_is_not_on_a_log_scale():
    assert len(points_of(draw_chart([Line("", [1, 2, 3], [0, 100, 1000])], "x", 3, log_scale=True))) == 2


def test_no_points_are_no_chart_and_one_point_is_seen():
    assert draw_chart([Line("", [], [])], "x", 1) == ""
    svg = draw_chart([Line("", [1], [7])], "x", 1)
    assert len(ET.fromstring(svg).findall("circle")) == 1


def test_a_long_line_is_thinned_to_its_means():
    n = 10 * MOST_POINTS
    svg = draw_chart([Line("", range(n), [i % 2 for i in range(n)])], "x", n)
    points = points_of(svg)
    assert len(points) == MOST_POINTS
    assert {y for _, y in points} == {(TOP + HEIGHT - BOTTOM) / 2}


def test_names_are_escaped_and_marks_stand_at_their_step():
    svg = draw_chart([Line('<b>"&', [0, 10], [1, 2], dots=True)], '<i>"', 10, marks=[5, 11])
    root = ET.fromstring(svg)  # well-formed
    assert root.get("aria-label") == '<i>"'
    assert "<b>" not in svg
    marks = [line for line in root.findall("line") if line.get("class") == "mark"]
    assert [float(mark.get("x1")) for mark in marks] == [(LEFT + WIDTH - RIGHT) / 2]


NUMBERS = st.floats(1e-9, 1e12)


@given(NUMBERS, NUMBERS)
def test_ticks_rise_and_enclose_and_are_few(a, b):
    low, high = min(a, b), max(a, b)
    ticks = linear_ticks(low, high)
    assert ticks == sorted(set(ticks))
    assert ticks[0] <= low * (1 + 1e-6)
    assert ticks[-1] >= high * (1 - 1e-6)
    assert 2 <= len(ticks) <= 8
    logs = log_ticks(low, high)
    assert logs == sorted(set(logs))
    assert 2 <= len(logs) <= 9
    assert logs[0] > 0


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30), st.booleans())
def test_every_point_lies_inside_the_plot(pairs, log_scale):
    steps, values = sorted(s for s, _ in pairs), [v for _, v in pairs]
    svg = draw_chart([Line("a", steps, values)], "x", steps[-1], log_scale=log_scale)
    for x, y in points_of(svg):
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP - 0.1 <= y <= HEIGHT - BOTTOM + 0.1
    assert not re.search("nan|inf", svg)


def test_labels_of_an_axis_do_not_stand_on_each_other():
    svg = draw_chart([Line("", [0, 1_250_000], [0.9, 88_000])], "x", 1_250_000, log_scale=True)
    texts = ET.fromstring(svg).findall("text")
    up = sorted(float(t.get("y")) for t in texts if t.get("text-anchor") == "end")
    along = [(float(t.get("x")), len(t.text)) for t in texts if t.get("y") == str(HEIGHT - BOTTOM + 18)]
    assert min(b - a for a, b in pairwise(up)) > 12
    assert all(b - a > 3.5 * (n + m) for (a, n), (b, m) in pairwise(along))


def test_smoothing_keeps_a_straight_line_and_calms_a_wild_one():
    straight = [float(i) for i in range(200)]
    assert smoothed(straight) == pytest.approx(straight)
    wild = smoothed([i % 2 for i in range(200)])
    assert max(abs(value - 0.5) for value in wild[5:-5]) < 0.15
    assert smoothed([3.0, 1.0]) == [3.0, 1.0]
    assert smoothed([]) == []
