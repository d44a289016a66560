"""`elmo change`: which words are used otherwise in another slice of text."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.options import read_layers
from elmo.cli.show import say_in_place, show_facts

if TYPE_CHECKING:
    from elmo.apps.studies.change import WordChange


class Measure(StrEnum):
    """How a change is measured."""

    prt = "prt"
    apd = "apd"
    jsd = "jsd"


def change(
    model: Annotated[str, typer.Argument(help="Model folder, or the name of a bundled model (en, zh).")],
    slices: Annotated[list[Path], typer.Argument(help="Two texts or more, in order of time; also packed.")],
    words: Annotated[str | None, typer.Option(help="These words, commas between; else the frequent ones.")] = None,
    measure: Annotated[
        Measure, typer.Option(help="prt: of prototypes; apd: of all pairs; jsd: of clusters.")
    ] = Measure.prt,
    layers: Annotated[
        str, typer.Option(help="top, mean, sum, the index of a layer, or one weight a layer (0.2,0.3,0.5).")
    ] = "top",
    n_words: Annotated[int, typer.Option(min=1, help="The most frequent words that all texts have.")] = 500,
    min_count: Annotated[int, typer.Option(min=2, help="Times a word must be in each text.")] = 20,
    most: Annotated[int, typer.Option(min=2, help="Occurrences of a word in a text that are looked at.")] = 200,
    permutations: Annotated[int, typer.Option(min=0, help="At most, of the test whether it could be chance.")] = 20_000,
    show: Annotated[int, typer.Option(min=1, help="Words in the table.")] = 20,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder: all words, and a picture.")] = None,
    case: Annotated[bool, typer.Option("--case", help="Words that differ in case are not one.")] = False,
    pretokenized: Annotated[bool, typer.Option("--pretokenized", help="Tokens are separated by white space.")] = False,
    split: Annotated[bool, typer.Option("--split", help="Cut raw text into sentences.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Decides all that is random.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace the folder if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Rank words by how much their use changes from one text to another, with p-values.

    Example: `elmo change en README.md README.md --split --min-count 4`
    """
    from elmo.apps.studies.change import Settings, measure_change, rows_of

    settings = Settings(
        measure=measure.value,
        layers=read_layers(layers),  # type: ignore[arg-type]
        n_words=n_words,
        min_count=min_count,
        most=most,
        permutations=permutations,
        lowercase=not case,
        pretokenized=pretokenized,
        split=split,
        seed=seed,
    )
    told = measure_change(
        model,
        slices,
        settings,
        words=None if words is None else [word.strip() for word in words.split(",") if word.strip()],
        output=output,
        force=force,
        report=lambda what, done, n: say_in_place(f"{what}: {done:,} of {n:,} lines"),
    )
    say_in_place("")
    if json:
        rows = list(rows_of(told))[:show]
        facts = {f"{row['rank']}.{name}": value for row in rows for name, value in row.items() if name != "rank"}
        show_facts({"words": len(told), **facts}, as_json=True)
        return
    _show(told[:show], len(told), len(slices))


def _show(told: "list[WordChange]", n: int, n_slices: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"The {len(told)} of {n:,} words that changed most")
    for name in ("word", "prt", "apd", "jsd", "p", "q", "times"):
        table.add_column(name, justify="left" if name == "word" else "right")
    if n_slices > 2:
        table.add_column("step by step", justify="right")
    for w in told:
        numbers = [f"{x:.3f}" for x in (w.change.prt, w.change.apd, w.change.jsd, w.change.p, w.q)]
        steps = [" ".join(f"{x:.3f}" for x in w.steps)] if n_slices > 2 else []
        table.add_row(w.word, *numbers, " / ".join(f"{c:,}" for c in w.counts), *steps)
    console = Console(highlight=False)
    console.print(table)
    for w in told[:3]:
        for name, lines in zip(("first", "last"), w.typical, strict=True):
            for line in lines:
                console.print(f"{w.word}, {name}: {line}", markup=False, soft_wrap=True)
