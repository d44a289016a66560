"""The page of a learning curve: scores by fraction of the training file, with ELMo and without, over seeds."""

from html import escape
from pathlib import Path

from pydantic import BaseModel

from elmo.apps.pages.html_page import facts_table, figure, html_page, table
from elmo.apps.pages.line_chart import Line, draw_chart
from elmo.apps.tasks.train_task import TaskRun
from elmo.storage.atomic import atomic_write


class Row(BaseModel, frozen=True):
    """The trainings with one fraction of the training file."""

    with_elmo: bool
    fraction: float
    n_examples: int
    scores: list[float]  # of the dev file in percent, seed by seed
    mean: float
    deviation: float | None  # standard deviation over seeds; None: a single seed
    warnings: list[str] = []  # of trainings that learned nothing


class Table(BaseModel, frozen=True):
    """The scores of a learning curve: the `table.json` of its folder."""

    score: str
    seeds: list[int]
    rows: list[Row]


def write_learning_curve_page(found: Table, run: TaskRun, target: Path) -> None:
    """Write the page, atomically.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(target) as part:
        part.write_text(learning_curve_page(found, run), encoding="utf-8")


def learning_curve_page(found: Table, run: TaskRun) -> str:
    """The HTML of the page."""
    seeds = ", ".join(map(str, found.seeds))
    parts = [
        f"<p>{escape(found.score)} of {escape(run.dev.name)} in percent, mean and deviation over seeds ({seeds}).</p>",
        _curve(found),
        table(
            "Scores",
            ["", "percentage of the training file", "examples", found.score, "by seed"],
            [
                [
                    _kind(row),
                    f"{row.fraction:g}",
                    f"{row.n_examples:,}",
                    shown(row),
                    ", ".join(f"{s:.2f}" for s in row.scores),
                ]
                for row in found.rows
            ],
            1,
        ),
        facts_table("Files", {"train": run.train.name, "dev": run.dev.name, "model": run.config.model or "none"}),
    ]
    return html_page(f"Task: {run.config.task}", "learning curve", parts)


def shown(row: Row) -> str:
    """Mean and deviation."""
    return f"{row.mean:.2f}" + ("" if row.deviation is None else f" ± {row.deviation:.2f}")


def _kind(row: Row) -> str:
    return "with ELMo" if row.with_elmo else "without"


def _curve(found: Table) -> str:
    """The paper's figure 1; nothing for a single fraction."""
    lines = []
    for with_elmo in (True, False):
        own = [row for row in found.rows if row.with_elmo == with_elmo]
        if len(own) > 1:
            steps, values = [row.fraction for row in own], [row.mean for row in own]
            lines.append(Line(_kind(own[0]), steps, values, "first" if with_elmo else "second", dots=True))
    title = f"{found.score} by percent of the training file"
    svg = draw_chart(lines, title, 100, axis="percent of the training file")
    return figure(title, svg) if svg else ""
