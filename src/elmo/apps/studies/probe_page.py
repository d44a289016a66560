"""Scores of probes -> tables in Markdown."""

from collections.abc import Callable, Sequence

from elmo.analysis.probe_scores import Score, best_views, difference_of, mean_over_sets

TITLES = {
    ("pos", "accuracy"): "part of speech",
    ("sense", "first neighbour"): "sense, first neighbour",
    ("sense", "logistic"): "sense, logistic",
    ("wic", "accuracy"): "word in context",
    ("entities", "f1"): "named entities",
    ("sentences", "pearson"): "similar sentences",
    ("words", "spearman"): "similar words",
}
MISSING = "·"


def probe_table(scores: Sequence[Score]) -> str:
    """All systems with their best view, then the views of each, then the loss from typing errors."""
    rows = with_means(scores)
    return "\n".join(
        [
            "# Probes\n",
            "Percent, mean and standard deviation over seeds; for each system the layer or view that is best on dev.\n",
            best_table(rows),
            "\n## Every view\n",
            view_table(rows),
            "\n## With typing errors\n",
            typed_table(rows),
        ]
    )


def with_means(scores: Sequence[Score]) -> list[Score]:
    """Scores, with the means over the sets of each probe added."""
    found = list(scores)
    for probe, measure in TITLES:
        if len({score.of for score in scores if (score.probe, score.measure) == (probe, measure)}) > 1:
            found += mean_over_sets(scores, probe, measure)
    return found


def best_table(rows: Sequence[Score]) -> str:
    """One row per set, one column per system, its best view in brackets."""
    return _table([row for row in best_views(rows) if row.text == "clean"], lambda row: row.system, named=True)


def view_table(rows: Sequence[Score]) -> str:
    """One row per set and system, one column per view."""
    lines = []
    clean = [row for row in rows if row.text == "clean" and row.view]
    for system in dict.fromkeys(row.system for row in clean):
        own = [row for row in clean if row.system == system]
        lines += [f"\n**{system}**\n", _table(own, lambda row: row.view)]
    return "\n".join(lines)


def typed_table(rows: Sequence[Score]) -> str:
    """The loss of the best view of each system on text with typing errors, in points."""
    best = best_views(rows)
    clean = {row[:5]: row for row in best if row.text == "clean"}
    lost = [
        row._replace(values=[a - b for a, b in zip(clean[row[:5]].values, row.values, strict=True)])
        for row in best
        if row.text == "typed"
    ]
    return _table(lost, lambda row: row.system) if lost else "Not measured."


def difference_table(scores: Sequence[Score], name: str) -> str:
    """The best view of the model `name` minus that of each other system, with a 95 % bootstrap interval."""
    best = [row for row in best_views(scores) if row.text == "clean" and row.right]
    lines = ["| probe | set | compared with | difference | 95 % interval |", "|---|---|---|---|---|"]
    for own in (row for row in best if row.system == name):
        for other in best:
            if other[:3] == own[:3] and other.system != name:
                found = difference_of(own, other)
                title = TITLES.get((own.probe, own.measure), own.probe)
                low, high = found.interval
                lines.append(
                    f"| {title} | {own.of} | {other.system} | {found.difference:+.1f} | {low:+.1f} to {high:+.1f} |"
                )
    return "\n".join(lines)


def _table(rows: Sequence[Score], column: Callable[[Score], str], named: bool = False) -> str:
    columns = list(dict.fromkeys(column(row) for row in rows))
    lines = [f"| probe | set | {' | '.join(columns)} |", "|---|---|" + "---|" * len(columns)]
    cells: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        cells.setdefault((row.probe, row.measure, row.of), {})[column(row)] = cell_of(row, named)
    for (probe, measure, of), found in cells.items():
        title = TITLES.get((probe, measure), probe)
        lines.append(f"| {title} | {of} | {' | '.join(found.get(name, MISSING) for name in columns)} |")
    return "\n".join(lines)


def cell_of(row: Score, named: bool = True) -> str:
    """`91.9 ± 0.1 (layer 1)`: mean, standard deviation if there are several seeds, the view if `named`."""
    spread = f" ± {row.deviation:.1f}" if len(row.values) > 1 else ""
    return f"{row.value:.1f}{spread}" + (f" ({row.view})" if named and row.view else "")
