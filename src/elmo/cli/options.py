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
TEXT_FILES = "txt, jsonl, json, csv, tsv, parquet, CoNLL; also gz, xz, zst, bz2"  # for help texts
TextField = Annotated[
    str | None,
    typer.Option(
        "--text-field", help="Field or column with the text in jsonl, json, csv, tsv, parquet (default: text)."
    ),
]


def read_layers(given: str) -> str | int | list[float]:
    """The option `--layers`: `-1` is an index, `0.2,0.3,0.5` are weights; the library checks everything else."""
    try:
        return [float(part) for part in given.split(",")] if "," in given else int(given)
    except ValueError:
        return given
