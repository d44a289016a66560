"""An empty figure of matplotlib to draw on, if it is installed."""

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
