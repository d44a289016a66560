"""Options shared by several commands."""

from pathlib import Path
from typing import Annotated

import typer

VocabularyFile = Annotated[
    Path | None,
    typer.Option(
        "--vocabulary", help="Vocabulary file of a TensorFlow checkpoint, if it is not in the model's folder."
    ),
]


def read_layers(given: str) -> str | int | list[float]:
    """The option `--layers`: `-1` is an index, `0.2,0.3,0.5` are weights; the library checks everything else."""
    try:
        return [float(part) for part in given.split(",")] if "," in given else int(given)
    except ValueError:
        return given
