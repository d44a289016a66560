"""Options that several commands share, each declared once."""

from pathlib import Path
from typing import Annotated

import typer

TEXT_FILES = "txt, jsonl, json, csv, tsv, parquet, CoNLL; also gz, xz, zst, bz2"  # for help texts

# Models and texts.
ModelArgument = Annotated[str, typer.Argument(help="Model folder, or the name of a bundled model (en, zh).")]
TextFile = Annotated[Path, typer.Argument(help=f"Text file: {TEXT_FILES}.")]
VocabularyFile = Annotated[
    Path | None,
    typer.Option(
        "--vocabulary", help="Vocabulary file of a TensorFlow checkpoint, if it is not in the model's folder."
    ),
]
TextField = Annotated[
    str | None,
    typer.Option(
        "--text-field", help="Field or column with the text in jsonl, json, csv, tsv, parquet (default: text)."
    ),
]
PretokenizedText = Annotated[
    bool, typer.Option("--pretokenized", help="The text is tokenized: tokens are separated by white space.")
]
PretokenizedLines = Annotated[
    bool, typer.Option("--pretokenized", help="One sentence per line, tokens separated by white space.")
]
SplitSentences = Annotated[bool, typer.Option("--split", help="Split raw text into sentences.")]

# The settings of a pretraining run.
ModelSize = Annotated[str | None, typer.Option(help="Model size: tiny, small, medium or original.")]
RecipeFile = Annotated[Path | None, typer.Option(help="Recipe: a TOML file with settings.")]
RecipeSettings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, e.g. rows=256. Repeatable.")
]
VocabularySize = Annotated[int | None, typer.Option(min=1, help="Number of words in the counted vocabulary.")]

# Any command.
Seed = Annotated[int | None, typer.Option(min=0, help="Random seed.")]
ReplaceFolder = Annotated[bool, typer.Option("--force", help="Replace the folder if it exists.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]


def read_layers(given: str) -> str | int | list[float]:
    """The option `--layers`: `-1` is an index, `0.2,0.3,0.5` are weights; the library checks everything else."""
    try:
        return [float(part) for part in given.split(",")] if "," in given else int(given)
    except ValueError:
        return given
