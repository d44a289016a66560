"""`elmo to-static`: one vector a word, for programs that know nothing of context."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import read_layers
from elmo.cli.show import say_in_place, show_facts


class Method(StrEnum):
    """How a word comes to one vector."""

    mean = "mean"
    alone = "alone"


def to_static(
    model: Annotated[str, typer.Argument(help="Model folder, or the name of a bundled model (en, zh).")],
    corpus: Annotated[Path, typer.Argument(help="Text: txt, jsonl, parquet, CoNLL-U; also gz, xz, zst.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Word2vec's text format; .gz packs it.")] = Path(
        "vectors.txt"
    ),
    method: Annotated[
        Method, typer.Option(help="mean: over the places where a word occurs; alone: its vector without context.")
    ] = Method.mean,
    layers: Annotated[
        str, typer.Option(help="mean, sum, top, the index of a layer, or one weight a layer (0.2,0.3,0.5).")
    ] = "mean",
    min_count: Annotated[int, typer.Option(min=1, help="Leave out words that occur less often.")] = 5,
    max_words: Annotated[int | None, typer.Option(min=1, help="The most frequent words alone.")] = None,
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Words that differ in case alone are one.")] = False,
    pretokenized: Annotated[bool, typer.Option("--pretokenized", help="Tokens are separated by white space.")] = False,
    split: Annotated[bool, typer.Option("--split", help="Cut raw text into sentences.")] = False,
    text_field: Annotated[
        str | None, typer.Option(help="Field or column that holds the text in jsonl and parquet files; else 'text'.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output file if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write one vector for each frequent word of a text, as word2vec does: gensim and others load it.

    Example: `elmo to-static en README.md --split --min-count 2 -o vectors.txt`
    """
    from elmo.apps.embedding.to_static import export_static

    facts = export_static(
        model,
        corpus,
        output,
        method=method.value,
        layers=read_layers(layers),  # type: ignore[arg-type]
        min_count=min_count,
        max_words=max_words,
        lowercase=lowercase,
        pretokenized=pretokenized,
        split=split,
        text_field=text_field,
        force=force,
        report=lambda line, n_tokens: say_in_place(f"line {line:,}, {n_tokens:,} tokens"),
    )
    say_in_place("")
    show_facts(facts, json)
