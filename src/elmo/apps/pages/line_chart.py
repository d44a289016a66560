"""Line charts as inline SVG without script, network or library; the colours come from the page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import Literal

WIDTH, HEIGHT = 720, 250
LEFT, RIGHT, TOP, BOTTOM = 62, 18, 28, 40  # margins around the plot
MOST_POINTS = 400  # per line; more cannot be distinguished at this width

CHART_STYLE = """\
svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--quiet); }
svg .grid { stroke: var(--grid); stroke-width: 1; }
svg .mark { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 4; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .first { stroke: var(--first); } svg .second { stroke: var(--second); stroke-dasharray: 7 4; }
svg .faint { stroke: var(--first); stroke-width: 1; opacity: .35; }
svg circle.first { fill: var(--first); } svg circle.second { fill: var(--second); }
"""


@dataclass(frozen=True)
class Line:
    """Values at steps, finite and of equal length."""

    name: str  # in the legend; empty: no entry
    steps: Sequence[float]
    values: Sequence[float]
    style: Literal["first", "second", "faint"] = "first"
    dots: bool = False  # mark each point, with its value as a tooltip


def draw_chart(
    lines: Sequence[Line],
    what: str,
    end: float,
    *,
    log_scale: bool = False,
    from_zero: bool = False,
    marks: Sequence[float] = (),
    axis: str = "step",
) -> str:
    """Draw lines into one SVG element; an empty string if there is no point.

    Args:
        what: description for screen readers.
        end: the last step of the chart, which begins at 0; above zero.
        log_scale: logarithmic values; values that are not positive are left out.
        from_zero: the scale of the values begins at 0.
        marks: steps with a vertical line. axis: label of the horizontal axis.
    """
    lines = [_thinned(_positive(line) if log_scale else line) for line in lines]
    values = [value for line in lines for value in line.values]
    if not values:
        return ""
    low, high = (0.0 if from_zero else min(values)), max(values)
    ticks = log_ticks(low, high) if log_scale else linear_ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])

    def x_at(step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / end

    def y_at(value: float) -> float:
        height = math.log(value / low) / math.log(high / low) if log_scale else (value - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * height

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(what)}">']
    for tick in ticks:
        y = y_at(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number_text(tick)}</text>')
    for tick in (t for t in linear_ticks(0, end) if t <= end):
        parts.append(
            f'<text x="{x_at(tick):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{number_text(tick)}</text>'
        )
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 5}" text-anchor="middle">{escape(axis)}</text>')
    for mark in (m for m in marks if 0 <= m <= end):
        parts.append(
            f'<line class="mark" x1="{x_at(mark):.1f}" x2="{x_at(mark):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        )
    for line in lines:
        points = [(x_at(step), y_at(value)) for step, value in zip(line.steps, line.values, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="line {line.style}" points="{path}"/>')
        if line.dots or len(points) == 1:
            for (x, y), step, value in zip(points, line.steps, line.values, strict=True):
                shown = escape(f"step {number_text(step)}: {line.name} {value:.4g}")
                parts.append(
                    f'<circle class="{line.style}" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{shown}</title></circle>'
                )
    x = float(LEFT)
    for line in (line for line in lines if line.name):
        parts.append(f'<line class="line {line.style}" x1="{x:.0f}" x2="{x + 24:.0f}" y1="13" y2="13"/>')
        parts.append(f'<text x="{x + 30:.0f}" y="17">{escape(line.name)}</text>')
        x += 50 + 7 * len(line.name)
    return "\n".join([*parts, "</svg>"])


def smoothed(values: Sequence[float]) -> list[float]:
    """The mean of each value and its neighbours, a hundredth of the line on each side, equally many before and after."""
    widest, last = len(values) // 100 + (len(values) >= 20), len(values) - 1
    sums = [0.0, *accumulate(values)]
    spans = ((i, min(widest, i, last - i)) for i in range(len(values)))
    return [(sums[i + span + 1] - sums[i - span]) / (2 * span + 1) for i, span in spans]


def linear_ticks(low: float, high: float) -> list[float]:
    """About five round numbers that cover low..high."""
    if not high > low:
        low, high = (low - 0.5 * abs(low), high + 0.5 * abs(high)) if low else (0.0, 1.0)
    rough = (high - low) / 5
    unit: float = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Three to nine round numbers above zero, between low and high or close by, for a logarithmic scale."""
    if high / low < 4:  # too close for powers of ten
        return [tick for tick in linear_ticks(low, high) if tick > 0]
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if len(powers) < 4 else (1,)
    ticks = [float(f"{factor}e{power}") for power in powers for factor in factors]
    inner = [tick for tick in ticks if low / 1.5 < tick < high * 1.5]
    return inner[:: math.ceil(len(inner) / 9)]


def number_text(value: float) -> str:
    """A number as an axis label."""
    if value and not 1e-3 <= abs(value) < 1e7:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def _positive(line: Line) -> Line:
    pairs = [(step, value) for step, value in zip(line.steps, line.values, strict=True) if value > 0]
    return Line(line.name, [s for s, _ in pairs], [v for _, v in pairs], line.style, line.dots)


def _thinned(line: Line) -> Line:
    """The line, with neighbours averaged where it has more points than can be distinguished."""
    n = math.ceil(len(line.values) / MOST_POINTS)
    if n < 2:
        return line
    steps, values = (
        [sum(part) / len(part) for part in (full[i : i + n] for i in range(0, len(full), n))]
        for full in (line.steps, line.values)
    )
    return Line(line.name, steps, values, line.style, line.dots)
