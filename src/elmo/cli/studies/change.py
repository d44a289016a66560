"""`elmo change`: words whose use differs between texts."""

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.options import (
    AsJson,
    ModelArgument,
    PretokenizedText,
    ReplaceFolder,
    SplitSentences,
    TextField,
    read_layers,
)
from elmo.cli.show import Screen, new_table, say_in_place, show_facts

if TYPE_CHECKING:
    from elmo.analysis.usage_change import WordChange


_CAPTION = """\
prt: cosine distance of the mean vectors. apd: mean cosine distance over all pairs. jsd: Jensen-Shannon divergence of \
the clusters, in bits. p: permutation test of the ranking measure. q: false discovery rate at this p. times: \
occurrences in each text."""


class Measure(StrEnum):
    """Measure of change."""

    prt = "prt"
    apd = "apd"
    jsd = "jsd"


def change(
    model: ModelArgument,
    slices: Annotated[list[Path], typer.Argument(help="Two or more text files in order of time; also compressed.")],
    words: Annotated[
        str | None, typer.Option(help="Words to compare, separated by commas (default: the most frequent).")
    ] = None,
    measure: Annotated[
        Measure, typer.Option(help="Ranking measure: prt, mean vectors; apd, all pairs; jsd, clusters.")
    ] = Measure.prt,
    layers: Annotated[
        str, typer.Option(help="top, mean, sum, the index of a layer, or one weight per layer (0.2,0.3,0.5).")
    ] = "top",
    n_words: Annotated[
        int, typer.Option(min=1, help="Number of words: the most frequent that occur in all texts.")
    ] = 500,
    min_count: Annotated[int, typer.Option(min=2, help="Minimum occurrences of a word in each text.")] = 20,
    most: Annotated[
        int, typer.Option(min=2, help="Maximum number of occurrences per word and text, sampled at random.")
    ] = 200,
    permutations: Annotated[
        int, typer.Option(min=0, help="Maximum number of permutations of the significance test.")
    ] = 20_000,
    show: Annotated[int, typer.Option(min=1, help="Number of words in the table.")] = 20,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder to write: all words and a picture.")
    ] = None,
    case: Annotated[bool, typer.Option("--case", help="Keep case: Bank and bank are different words.")] = False,
    pretokenized: PretokenizedText = False,
    text_field: TextField = None,
    split: SplitSentences = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    force: ReplaceFolder = False,
    json: AsJson = False,
) -> None:
    """Rank words by how much their use changes from one text to another, with p-values.

    Example: `elmo change en 1990.txt 2020.txt --min-count 5`
    """
    from elmo.analysis.usage_change import ChangeSettings
    from elmo.apps.studies.change import measure_change, rows_of
    from elmo.text.sources.standard_input import rereadable

    settings = ChangeSettings(
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
        text_field=text_field,
    )
    with ExitStack() as stack:
        sources = [stack.enter_context(rereadable(path)) for path in slices]
        changes = measure_change(
            model,
            sources,
            settings,
            words=None if words is None else [word.strip() for word in words.split(",") if word.strip()],
            output=output,
            force=force,
            report=lambda what, done, n: say_in_place(f"{what}: {done:,} of {n:,} lines"),
        )
    say_in_place("")
    if json:
        rows = list(rows_of(changes))[:show]
        facts = {f"{row['rank']}.{name}": value for row in rows for name, value in row.items() if name != "rank"}
        show_facts({"words": len(changes), **facts}, as_json=True)
        return
    _show(changes[:show], len(changes), len(slices))


def _show(changes: "list[WordChange]", n: int, n_slices: int) -> None:
    title = f"The {len(changes)} of {n:,} words with the largest change"
    table = new_table(title=title, caption=_CAPTION, caption_justify="left")
    for name in ("word", "prt", "apd", "jsd", "p", "q", "times"):
        table.add_column(name, justify="left" if name == "word" else "right")
    if n_slices > 2:
        table.add_column("step by step", justify="right")
    for w in changes:
        numbers = [f"{x:.3f}" for x in (w.change.prt, w.change.apd, w.change.jsd, w.change.p, w.q)]
        steps = [" ".join(f"{x:.3f}" for x in w.steps)] if n_slices > 2 else []
        table.add_row(w.word, *numbers, " / ".join(f"{c:,}" for c in w.counts), *steps)
    screen = Screen()
    screen.table(table)
    for w in changes[:3]:
        for name, lines in zip(("first", "last"), w.typical, strict=True):
            for line in lines:
                screen.line(f"{w.word}, {name}: {line}")
