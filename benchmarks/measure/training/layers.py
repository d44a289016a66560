"""All output and input layers beside each other: one row a run, kept as it is done, so that rows add up over days.

    python -m benchmarks.measure.training.layers [--only NAME]... [--again] [--steps N] [--speeds] [--write-docs]

Measures the rows that are not kept in results/layers.json yet, each in a process of its own, keeps each when it is done, and
prints all tables. Perplexities do not depend on the machine, speeds do: `--speeds` trains every row for a few steps, one after
the other, and keeps how fast that was in results/layer_speeds.json; give it a machine without other work. `--only` takes a row
(`output/sampled`) or any part of its name (`input`, `basque`, `words`). `--steps` is a trial of so few steps: its rows are
printed and not kept. Needs the texts in ../shared.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from benchmarks.measure.training.input_layers import LAYERS, TEXTS, measure_input
from benchmarks.measure.training.output_layers import SETTINGS, measure_output
from benchmarks.pages.layers import PAGE, QUALITY, SPEEDS, page, tables
from benchmarks.record import keep_row, kept_rows
from elmo.errors import ElmoError

SPEED_STEPS = {"output": 40, "input": 100}
ROWS = [*(f"output/{layer}" for layer in SETTINGS), *(f"input/{text}/{layer}" for text in TEXTS for layer in LAYERS)]


def measure(row: str, steps: int | None) -> dict[str, Any]:
    """The figures of a row."""
    kind, *names = row.split("/")
    return measure_output(*names, steps) if kind == "output" else measure_input(*names, steps)


def measure_speed(row: str) -> dict[str, Any]:
    """How fast a row trains, and the memory it takes."""
    figures = measure(row, SPEED_STEPS[row.split("/")[0]])
    return {key: figures[key] for key in ("steps", "ms_a_step", "tokens_per_s", "peak_memory_mb") if key in figures}


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
    parser.add_argument("--speeds", action="store_true", help="only how fast each row trains, all anew")
    parser.add_argument("--write-docs", action="store_true", help="write the tables that are kept into docs/layers.md")
    given = parser.parse_args()
    if given.steps is not None and given.steps < 1:
        parser.error(f"--steps {given.steps}: at least 1")
    trial: dict[str, Any] = {}
    for row in chosen(given.only):
        if row in kept_rows(QUALITY) and not given.again and not given.speeds and given.steps is None:
            continue
        print(f"{row} ...", flush=True)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            task = process.submit(measure_speed, row) if given.speeds else process.submit(measure, row, given.steps)
            try:
                figures = task.result()
            except ElmoError as error:
                raise SystemExit(str(error)) from None
        if given.speeds:
            keep_row(SPEEDS, row, f"python -m benchmarks.measure.training.layers --speeds --only {row}", figures)
        elif given.steps is None:
            keep_row(QUALITY, row, f"python -m benchmarks.measure.training.layers --only {row}", figures)
        else:
            trial[row] = {"figures": figures}
    kept = kept_rows(QUALITY) | trial
    print(tables(kept, kept_rows(SPEEDS)))
    if given.write_docs:
        PAGE.write_text(page(kept_rows(QUALITY), kept_rows(SPEEDS)), encoding="utf-8")
        print(PAGE)


if __name__ == "__main__":
    main()
