"""Options that several commands share, each declared once."""

from enum import StrEnum
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

# A run of pretraining, adaptation or distillation.
RunCorpus = Annotated[
    list[str] | None,
    typer.Option("--corpus", help=f"Text files or quoted glob patterns: {TEXT_FILES}. Repeatable."),
]
RunFolder = Annotated[
    Path, typer.Option("-o", "--output", help="Folder of the run; the finished model is written there.")
]
StartModel = Annotated[
    str | None, typer.Option(help="Start from the weights, layers and vocabulary of this model (folder or name).")
]
GivenVocabulary = Annotated[
    Path | None, typer.Option(help="Vocabulary file, one word per line (default: count one in the corpus).")
]
HeldoutText = Annotated[
    Path | None,
    typer.Option(help="Text for held-out perplexity (default: one sentence in a hundred of the corpus)."),
]
MaxMinutes = Annotated[
    float | None, typer.Option(min=0, help="End after this many minutes; the learning rate decays until then.")
]
MaxSteps = Annotated[
    int | None, typer.Option(min=1, help="Number of steps of the run and of its learning rate schedule.")
]
ResumeRun = Annotated[bool, typer.Option("--resume", help="Continue the run in -o from its last checkpoint.")]
WithTensorBoard = Annotated[
    bool, typer.Option("--tensorboard", help="Also write a TensorBoard log to DIR/tensorboard.")
]


class Storage(StrEnum):
    """Number format of the stored weights."""

    float32 = "float32"
    float16 = "float16"
    int8 = "int8"


ModelStorage = Annotated[
    Storage, typer.Option(help="Number format of the final model: float16 halves the file size, int8 quarters it.")
]
TrainingDevice = Annotated[str, typer.Option(help="cpu or cuda; under torchrun each process uses its own GPU.")]

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
