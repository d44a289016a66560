"""`elmo perplexity`: how well a model predicts a text, from the left and from the right."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import VocabularyFile
from elmo.cli.show import say_in_place, show_facts


class State(StrEnum):
    """What the LSTMs remember before a sentence."""

    zero = "zero"
    carry = "carry"


def perplexity(
    model: Annotated[str, typer.Argument(help="Model folder, or en for the bundled model.")],
    text: Annotated[Path, typer.Argument(help="Text: txt, also gz, xz or zst.")],
    pretokenized: Annotated[
        bool, typer.Option("--pretokenized", help="One sentence a line, tokens separated by white space.")
    ] = False,
    state: Annotated[
        State, typer.Option(help="carry: one row, the state handed on from sentence to sentence; another figure.")
    ] = State.zero,
    by_document: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Also write a JSON object for each document; a blank line ends one."),
    ] = None,
    vocabulary: VocabularyFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.jsonl if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Perplexity over the whole vocabulary, each direction and both; every word and one sentence mark a line is counted.

    Raw text is first split into sentences, one a line, as `elmo tokenize` does. The state is zero at the start of each
    sentence, or carried; the figures name which.

    Example: `elmo perplexity en README.md`
    """
    from elmo.apps.models.perplexity import measure_file

    start = time.monotonic()

    def show(tokens: int) -> None:
        say_in_place(f"{tokens:,} tokens, {tokens / (time.monotonic() - start):,.0f} a second")

    try:
        facts = measure_file(model, text, pretokenized, state.value, by_document, force, vocabulary, show)
    finally:
        say_in_place("")
    show_facts(facts, json)
