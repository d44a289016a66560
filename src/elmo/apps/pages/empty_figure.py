"""A figure of matplotlib to draw on and to write, if it is installed."""

from pathlib import Path
from typing import Any


def empty_figure(width: float, height: float) -> Any:
    """A figure of this size in inches that needs no screen; None without matplotlib (extra `plots`)."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def write_figure(figure: Any, path: Path) -> None:
    """Write a figure as PNG; a word between dollar signs is a word in it, no formula."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    figure.savefig(path, format="png", dpi=110)
