"""All output and input layers beside each other: one row a run, kept as it is done, so that rows add up over days.

    python benchmarks/layers.py [--only NAME]... [--again] [--steps N] [--write-docs]

Measures the rows that are not kept in results/layers.json yet, each in a process of its own, keeps each when it is done, and
prints all tables. `--only` takes a row (`output/sampled`) or any part of its name (`input`, `basque`, `words`). `--steps` is a
trial of so few steps: its rows are printed and not kept. Needs the texts in ../shared.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from elmo.errors import ElmoError
from input_layers import LAYERS, TEXTS, measure_input
from layers_page import PAGE, page, tables
from output_layers import SETTINGS, measure_output
from record import keep_row, kept_rows

NAME = "layers"
ROWS = [*(f"output/{layer}" for layer in SETTINGS), *(f"input/{text}/{layer}" for text in TEXTS for layer in LAYERS)]


def measure(row: str, steps: int | None) -> dict[str, Any]:
    """The figures of a row."""
    kind, *names = row.split("/")
    return measure_output(*names, steps) if kind == "output" else measure_input(*names, steps)


def chosen(only: list[str]) -> list[str]:
    """The rows that names stand for, in order; no name: all."""
    unknown = [name for name in only if not any(name in (row, *row.split("/")) for row in ROWS)]
    if unknown:
        raise SystemExit(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    return [row for row in ROWS if not only or any(name in (row, *row.split("/")) for name in only)]


def main() -> None:
    """Measure, keep, print; with --write-docs write docs/layers.md too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--again", action="store_true", help="measure rows that are kept already")
    parser.add_argument("--steps", type=int, metavar="N", help="a trial: nothing is kept")
    parser.add_argument("--write-docs", action="store_true", help="write the tables that are kept into docs/layers.md")
    given = parser.parse_args()
    if given.steps is not None and given.steps < 1:
        parser.error(f"--steps {given.steps}: at least 1")
    trial: dict[str, Any] = {}
    for row in chosen(given.only):
        if row in kept_rows(NAME) and not given.again and given.steps is None:
            continue
        print(f"{row} ...", flush=True)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            try:
                figures = process.submit(measure, row, given.steps).result()
            except ElmoError as error:
                raise SystemExit(str(error)) from None
        if given.steps is None:
            keep_row(NAME, row, f"python benchmarks/layers.py --only {row}", figures)
        else:
            trial[row] = {"figures": figures}
    print(tables(kept_rows(NAME) | trial))
    if given.write_docs:
        PAGE.write_text(page(kept_rows(NAME)), encoding="utf-8")
        print(PAGE)


if __name__ == "__main__":
    main()
