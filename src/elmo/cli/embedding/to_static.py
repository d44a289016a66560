"""`elmo to-static`: one vector per word, for programs that read static vectors."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import AsJson, ModelArgument, PretokenizedText, SplitSentences, TextField, TextFile, read_layers
from elmo.cli.show import say_in_place, show_facts


class Method(StrEnum):
    """How the one vector of a word is computed."""

    mean = "mean"
    alone = "alone"


def to_static(
    model: ModelArgument,
    corpus: TextFile,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File to write, in word2vec's text format; .gz compresses it.")
    ] = Path("vectors.txt"),
    method: Annotated[
        Method,
        typer.Option(help="mean: average over all occurrences of the word; alone: its vector as a one-word sentence."),
    ] = Method.mean,
    layers: Annotated[
        str, typer.Option(help="mean, sum, top, the index of a layer, or one weight per layer (0.2,0.3,0.5).")
    ] = "mean",
    min_count: Annotated[int, typer.Option(min=1, help="Leave out words with fewer occurrences.")] = 5,
    max_words: Annotated[
        int | None, typer.Option(min=1, help="Keep only this many of the most frequent words.")
    ] = None,
    lowercase: Annotated[
        bool, typer.Option("--lowercase", help="Lowercase the words, so that Bank and bank share a vector.")
    ] = False,
    pretokenized: PretokenizedText = False,
    split: SplitSentences = False,
    text_field: TextField = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output file if it exists.")] = False,
    json: AsJson = False,
) -> None:
    """Write one static vector per frequent word of a text, in word2vec's format, which gensim and others load.

    Example: `elmo to-static en corpus.txt --min-count 2 -o vectors.txt`
    """
    from elmo.apps.embedding.to_static import export_static
    from elmo.text.sources.standard_input import rereadable

    with rereadable(corpus) as source:
        facts = export_static(
            model,
            source,
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
