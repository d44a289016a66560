"""`elmo embed`: a text file -> a file of vectors."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import TEXT_FILES, AsJson, PretokenizedText, TextField, VocabularyFile, read_layers
from elmo.cli.show import say_in_place, show_facts

EVERY_S = 0.5  # between two progress lines


class State(StrEnum):
    """The LSTM state before each line."""

    zero = "zero"
    carry = "carry"
    warm = "warm"


class Dtype(StrEnum):
    """Number format of the matrix products."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    int8 = "int8"
    float64 = "float64"


class Pooled(StrEnum):
    """How the token vectors of a row become one vector."""

    mean = "mean"
    max = "max"


def embed(
    input: Annotated[
        Path, typer.Argument(help=f"Text file, one sentence per line, or - for standard input: {TEXT_FILES}.")
    ],
    model: Annotated[str, typer.Option("-m", "--model", help="Model folder, or the name of a bundled model.")] = "en",
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="FILE.hdf5 (AllenNLP's layout), FILE.npz, or a name without extension: a folder of Arrow shards.",
        ),
    ] = Path("vectors.hdf5"),
    pretokenized: PretokenizedText = False,
    layers: Annotated[
        str, typer.Option(help="mean, sum, all, top, the index of a layer, or one weight per layer (0.2,0.3,0.5).")
    ] = "mean",
    state: Annotated[
        State,
        typer.Option(
            help="State before each line: zero; warm (saved with the model); carry (from line i - batch size to line i)."
        ),
    ] = State.zero,
    vocabulary: VocabularyFile = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Maximum number of lines per batch (default with carry: 64).")
    ] = None,
    dtype: Annotated[
        Dtype, typer.Option(help="Number format of the matrix products; bfloat16 and int8 are faster and less exact.")
    ] = Dtype.float32,
    force: Annotated[bool, typer.Option("--force", help="Replace the output file if it exists.")] = False,
    split: Annotated[
        bool, typer.Option("--split", help="Folder output: split raw text into sentences, one row each.")
    ] = False,
    text_field: TextField = None,
    pooling: Annotated[
        Pooled | None, typer.Option(help="Folder output: one vector per row instead of one per token.")
    ] = None,
    half: Annotated[
        bool, typer.Option("--float16", help="Folder output: store float16 vectors, half the size.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Folder output: run as job I of N, which writes every N-th shard of the same folder."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Folder output: number of single-threaded processes; --resume needs the same number."),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Number of threads (default: number of cores).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Folder output: continue a stopped job.")] = False,
    json: AsJson = False,
) -> None:
    """Write the vectors of a text file, one sentence per line; folder output also reads jsonl, parquet and CoNLL-U.

    Example: `elmo embed sentences.txt -o vectors.hdf5 --layers all`
    """
    from functools import partial

    from elmo.apps.embedding.embed import embed_file, set_threads
    from elmo.apps.embedding.embed_bulk import embed_corpus
    from elmo.apps.embedding.embed_workers import embed_with_workers
    from elmo.errors import ConfigError
    from elmo.text.sources.standard_input import rereadable

    of_folder = {
        "--split": split,
        "--pooling": pooling,
        "--float16": half,
        "--shard": shard,
        "--workers": workers,
    }
    of_file = {"--batch-size": batch_size, "--force": force}
    is_folder = output.suffix == ""
    misplaced = [name for name, value in (of_file if is_folder else of_folder | {"--resume": resume}).items() if value]
    if misplaced:
        kind = "a file (.hdf5, .npz)" if is_folder else "a folder (an output name without extension)"
        raise ConfigError(f"{', '.join(misplaced)}: works only with {kind}, but -o is {output}")
    if workers and (shard or threads):
        raise ConfigError(
            "--workers cannot be combined with --shard or --threads: each worker is a job with one thread"
        )
    if threads:
        set_threads(threads)
    if is_folder:
        job, n_jobs = _job(shard)
        work = (
            partial(embed_with_workers, workers)
            if workers
            else partial(embed_corpus, job=job, n_jobs=n_jobs, report=_Progress())
        )
        with rereadable(input) as source:
            facts = work(
                source,
                model,
                output,
                pretokenized=pretokenized,
                split=split,
                text_field=text_field,
                layers=read_layers(layers),
                pooling=None if pooling is None else pooling.value,
                state=state.value,
                dtype=dtype.value,
                number="float16" if half else "float32",
                vocabulary=vocabulary,
                resume=resume,
            )
        say_in_place("")
        show_facts(facts, json)
        return
    facts = embed_file(
        input,
        model,
        output,
        pretokenized=pretokenized,
        layers=read_layers(layers),  # type: ignore[arg-type]
        state=state.value,
        batch_size=batch_size,
        dtype=dtype.value,
        vocabulary=vocabulary,
        force=force,
        text_field=text_field,
        report=_Progress(),
    )
    say_in_place("")
    show_facts(facts, json)


class _Progress:
    """The progress line of a terminal: rows, tokens and speed."""

    def __init__(self) -> None:
        self._begun = self._shown = time.monotonic()

    def __call__(self, n_rows: int, n_tokens: int) -> None:
        now = time.monotonic()
        if now - self._shown > EVERY_S:
            self._shown = now
            say_in_place(f"{n_rows:,} rows, {n_tokens:,} tokens, {n_tokens / (now - self._begun):,.0f} tokens/s")


def _job(given: str | None) -> tuple[int, int]:
    """`2/8` -> job 1 (from 0) of 8."""
    from elmo.errors import ConfigError

    if given is None:
        return 0, 1
    number, _, total = given.partition("/")
    if not (number.isdecimal() and total.isdecimal() and 1 <= int(number) <= int(total)):
        raise ConfigError(f"--shard {given}: not I/N with I from 1 to N; the second of eight jobs is 2/8")
    return int(number) - 1, int(total)
