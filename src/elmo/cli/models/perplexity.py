"""`elmo perplexity`: how well a model predicts a text, from the left and from the right."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import TEXT_FILES, AsJson, ModelArgument, PretokenizedLines, TextField, VocabularyFile
from elmo.cli.show import say, say_in_place, show_facts


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
    cache: Annotated[
        int | None,
        typer.Option("--cache", metavar="N", min=1, help="Also measure with a cache of the last N states."),
    ] = None,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="Also measure with weights that learn from the text just read.")
    ] = False,
    tune_on: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Choose the settings of --cache and --dynamic on this validation text."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting of --cache or --dynamic, e.g. cache.theta=0.1. Repeatable."
        ),
    ] = None,
    vocabulary: VocabularyFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.jsonl if it exists.")] = False,
    json: AsJson = False,
) -> None:
    """Measure the perplexity of a model on a text, over the whole vocabulary, for each direction and both.

    Raw text is first split into sentences, as `elmo tokenize` does. Every token and one sentence boundary per sentence are
    counted. Bits per byte charge each unknown word its spelling besides. The output names the state that was used.

    `--cache` and `--dynamic` add figures of their own names, in which what was read of the text helps to predict the rest of it.

    Example: `elmo perplexity en heldout.txt`

    Example: `elmo perplexity en heldout.txt --cache 500`
    """
    from elmo.apps.models.perplexity import measure_file
    from elmo.errors import ConfigError
    from elmo.train.long_memory.settings import long_memory_config

    start = time.monotonic()

    def show(tokens: int) -> None:
        say_in_place(f"{tokens:,} tokens, {tokens / (time.monotonic() - start):,.0f} tokens/s")

    memory = long_memory_config(cache, dynamic, set_ or [])
    if tune_on is not None and memory is None:
        raise ConfigError("--tune-on: there is nothing to choose without --cache N or --dynamic; add one")
    if by_document is not None and memory is not None:
        raise ConfigError(
            "--by-document: a cache and dynamic evaluation measure the text as one; leave out one of them"
        )
    try:
        if memory is None:
            facts = measure_file(
                model, text, pretokenized, state.value, by_document, force, vocabulary, show, text_field
            )
        else:
            from elmo.apps.models.long_memory import measure_with_memory

            facts = measure_with_memory(
                model, text, memory, pretokenized, state.value, tune_on, vocabulary, show, text_field, say
            )
    finally:
        say_in_place("")
    if not json:
        del facts["warning"]  # it is on standard error
    show_facts(facts, json)
