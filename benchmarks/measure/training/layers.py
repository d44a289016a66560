"""Compare all output and input layers: one row per training run, stored when it is finished; later runs skip it.

    python -m benchmarks.measure.training.layers [--only NAME]... [--again] [--steps N] [--speeds] [--write-docs]

Measures the rows that are not in results/layers.json yet, each in a separate process, and prints all tables. Perplexities do not
depend on the machine, speeds do: `--speeds` trains every row for a few steps, one after the other, and stores the speeds in
results/layer_speeds.json; use a machine without other load. `--only` takes a row (`output/sampled`) or any part of its name
(`input`, `basque`, `words`). `--steps` is a trial with a few steps: its rows are printed and not stored. Needs the texts in
../shared.
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
    """Training speed and memory of a row."""
    figures = measure(row, SPEED_STEPS[row.split("/")[0]])
    return {key: figures[key] for key in ("steps", "ms_a_step", "tokens_per_s", "peak_memory_mb") if key in figures}


def chosen(only: list[str]) -> list[str]:
    """The rows selected by names, in order; all rows without a name."""
    unknown = [name for name in only if not any(name in (row, *row.split("/")) for row in ROWS)]
    if unknown:
        raise SystemExit(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    return [row for row in ROWS if not only or any(name in (row, *row.split("/")) for name in only)]


def main() -> None:
    """Measure, store and print; with --write-docs write docs/layers.md too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--again", action="store_true", help="measure rows again that are stored already")
    parser.add_argument("--steps", type=int, metavar="N", help="a trial with N steps; nothing is stored")
    parser.add_argument("--speeds", action="store_true", help="measure only the training speed, of all rows")
    parser.add_argument("--write-docs", action="store_true", help="write the stored tables into docs/layers.md")
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
