"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

VocabularyFile = Annotated[
    Path | None, typer.Option("--vocabulary", help="Vocabulary file of a TensorFlow checkpoint that lies elsewhere.")
]


def read_layers(given: str) -> str | int | list[float]:
    """The option `--layers`: `-1` is an index, `0.2,0.3,0.5` are weights; whatever else is left for the library to refuse."""
    try:
        return [float(part) for part in given.split(",")] if "," in given else int(given)
    except ValueError:
        return given
