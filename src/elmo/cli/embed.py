"""`elmo embed`: a text file -> a file of vectors."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import VocabularyFile
from elmo.cli.show import show_facts


class State(StrEnum):
    """What the LSTMs remember before a line."""

    zero = "zero"
    carry = "carry"
    warm = "warm"


class Dtype(StrEnum):
    """In what matrix products are computed."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    int8 = "int8"
    float64 = "float64"


def embed(
    input: Annotated[Path, typer.Argument(help="Text, one sentence a line: txt, also gz, xz or zst.")],
    model: Annotated[str, typer.Option("-m", "--model", help="Model folder, or the name of a bundled model.")] = "en",
    output: Annotated[Path, typer.Option("-o", "--output", help="FILE.hdf5 (AllenNLP's layout) or FILE.npz.")] = Path(
        "vectors.hdf5"
    ),
    pretokenized: Annotated[bool, typer.Option("--pretokenized", help="Tokens are separated by white space.")] = False,
    layers: Annotated[
        str, typer.Option(help="mean, sum, all, top, the index of a layer, or one weight a layer (0.2,0.3,0.5).")
    ] = "mean",
    state: Annotated[State, typer.Option(help="carry: line i goes on where line i - batch size ended.")] = State.zero,
    vocabulary: VocabularyFile = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Lines computed together at most; with carry 64 if not given.")
    ] = None,
    dtype: Annotated[
        Dtype, typer.Option(help="Of the matrix products: bfloat16 and int8 are faster and less exact.")
    ] = Dtype.float32,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Embed a text, one sentence a line; blank lines keep their place.

    Example: `elmo embed README.md -o vectors.hdf5 --layers all`
    """
    from elmo.apps.embed import embed_file

    facts = embed_file(
        input,
        model,
        output,
        pretokenized=pretokenized,
        layers=_layers(layers),  # type: ignore[arg-type]
        state=state.value,
        batch_size=batch_size,
        dtype=dtype.value,
        vocabulary=vocabulary,
        force=force,
    )
    show_facts(facts, json)


def _layers(given: str) -> str | int | list[float]:
    """`all` stays, `-1` is an index, `0.2,0.3,0.5` are weights; whatever else is left for the library to refuse."""
    try:
        return [float(part) for part in given.split(",")] if "," in given else int(given)
    except ValueError:
        return given
