"""The page of a search: every trial, the best one, and which settings mattered."""

from collections.abc import Sequence
from html import escape
from itertools import accumulate
from pathlib import Path

from pydantic import BaseModel

from elmo.apps.pages.html_page import facts_table, figure, headline, html_page, table
from elmo.apps.pages.line_chart import Line, draw_chart
from elmo.apps.tuning.search_space import Dimension, Value
from elmo.apps.tuning.study import FEWEST_FOR_IMPORTANCE, TrialRecord
from elmo.apps.tuning.trial import Trials
from elmo.storage.atomic import atomic_write

TABLE_FILE, PAGE_FILE = "trials.json", "report.html"
_ENOUGH_FOR_IMPORTANCE = 20  # complete trials; with fewer the numbers are a hint


class SearchTable(BaseModel, frozen=True):
    """All trials of a search: the `trials.json` of its folder."""

    score: str  # name; empty: no trial is complete
    maximize: bool
    trials: list[TrialRecord]
    best: TrialRecord | None
    importance: dict[str, float]  # by setting, in sum 1, the largest first; empty: too few complete trials


def write_tune_page(found: SearchTable, trained: Trials, space: Sequence[Dimension], target: Path) -> None:
    """Write the page, atomically.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(target) as part:
        part.write_text(tune_page(found, trained, space), encoding="utf-8")


def tune_page(found: SearchTable, trained: Trials, space: Sequence[Dimension]) -> str:
    """The HTML of the page."""
    keys = [each.key for each in space]
    outcomes = [record.outcome for record in found.trials]
    counts = ", ".join(f"{outcomes.count(one)} {one}" for one in ("complete", "pruned", "failed"))
    best = {} if found.best is None else {f"{found.score} of trial {found.best.number}": _number(found.best.score)}
    parts = [
        f"<p>Search for settings of {escape(trained.source)}: {len(outcomes)} trials ({counts}), all trained with the same "
        "random seed. Differences as small as those between seeds mean nothing: train the best recipe with several seeds, and "
        "measure it once on a test file, which the search has not read.</p>",
        headline(best),
        _curve(found),
        facts_table("Best settings", {} if found.best is None else {k: shown(v) for k, v in found.best.values.items()}),
        _importance(found),
        table(
            "Trials",
            ["trial", "outcome", *keys, found.score or "score", "scores in training", "last of them", "why it failed"],
            [_row(record, keys) for record in found.trials],
            2,
        ),
        facts_table("Search space", {each.key: _space(each) for each in space}),
        facts_table("Files", {str(i): Path(path).name for i, path in enumerate(trained.checksums, 1)}),
    ]
    return html_page(f"Search: {trained.source}", "trials", parts)


def shown(value: Value) -> str:
    """A value of a setting, numbers with four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _row(record: TrialRecord, keys: Sequence[str]) -> list[str]:
    last = _number(record.steps[max(record.steps)]) if record.steps else ""
    values = [shown(record.values[key]) for key in keys]
    return [
        str(record.number),
        record.outcome,
        *values,
        _number(record.score),
        str(len(record.steps)),
        last,
        record.reason or "",
    ]


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:,.2f}"


def _space(each: Dimension) -> str:
    if each.choices:
        return ", ".join(each.choices)
    return f"{' to '.join(each.ends)}{', logarithmic' if each.log else ''}"


def _curve(found: SearchTable) -> str:
    """The score of each complete trial, and the best so far."""
    complete = [(record.number, record.score) for record in found.trials if record.score is not None]
    if len(complete) < 2:
        return ""
    numbers, scores = [float(n) for n, _ in complete], [score for _, score in complete]
    best = list(accumulate(scores, max if found.maximize else min))
    lines = [Line("best so far", numbers, best), Line("complete trials", numbers, scores, "faint", dots=True)]
    title = f"{found.score} by trial"
    return figure(title, draw_chart(lines, title, max(1.0, numbers[-1]), axis="trial"))


def _importance(found: SearchTable) -> str:
    """How much each setting mattered."""
    n_complete = sum(record.score is not None for record in found.trials)
    if not found.importance:
        return f"<h2>What mattered</h2><p>Unknown: {n_complete} complete trials, at least {FEWEST_FOR_IMPORTANCE} are needed.</p>"
    hint = (
        ""
        if n_complete >= _ENOUGH_FOR_IMPORTANCE
        else f" With {n_complete} complete trials this is a hint, no finding."
    )
    rows = [[key, f"{100 * value:.0f} %"] for key, value in found.importance.items()]
    note = (
        "<p>PED-ANOVA (Watanabe et al. 2023): how much the values of the best tenth of the complete trials differ from those of "
        f"all.{hint}</p>"
    )
    return table("What mattered", ["setting", "importance"], rows, 1) + note
