"""`elmo perplexity`: how well a model predicts a text, from the left and from the right."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import TEXT_FILES, AsJson, ModelArgument, PretokenizedLines, TextField, VocabularyFile
from elmo.cli.show import say_in_place, show_facts


class State(StrEnum):
    """The LSTM state before each sentence."""

    zero = "zero"
    carry = "carry"


def perplexity(
    model: ModelArgument,
    text: Annotated[Path, typer.Argument(help=f"Text file, or - for standard input: {TEXT_FILES}.")],
    pretokenized: PretokenizedLines = False,
    text_field: TextField = None,
    state: Annotated[
        State,
        typer.Option(
            help="zero: reset the state before each sentence; carry: keep it, which gives a different figure."
        ),
    ] = State.zero,
    by_document: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help="Also write one JSON object per document; a blank line or a record ends a document.",
        ),
    ] = None,
    vocabulary: VocabularyFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.jsonl if it exists.")] = False,
    json: AsJson = False,
) -> None:
    """Measure the perplexity of a model on a text, over the whole vocabulary, for each direction and both.

    Raw text is first split into sentences, as `elmo tokenize` does. Every token and one sentence boundary per sentence are
    counted. Bits per byte charge each unknown word its spelling besides. The output names the state that was used.

    Example: `elmo perplexity en heldout.txt`
    """
    from elmo.apps.models.perplexity import measure_file

    start = time.monotonic()

    def show(tokens: int) -> None:
        say_in_place(f"{tokens:,} tokens, {tokens / (time.monotonic() - start):,.0f} tokens/s")

    try:
        facts = measure_file(model, text, pretokenized, state.value, by_document, force, vocabulary, show, text_field)
    finally:
        say_in_place("")
    if not json:
        del facts["warning"]  # it is on standard error
    show_facts(facts, json)
