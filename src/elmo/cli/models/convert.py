"""`elmo convert` and `elmo info`: write a model in another format, or print facts about it."""

from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import AsJson, VocabularyFile
from elmo.cli.show import show_facts

_MODEL = "Model folder or archive in any format, a Hugging Face hub id, or the name of a bundled model."


def convert(
    source: Annotated[str, typer.Argument(help=_MODEL)],
    target: Annotated[Path, typer.Argument(help="Folder to write.")],
    to: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            help="native: config.json + safetensors; allennlp: options.json + HDF5; elmoformanylangs: *.dic + *.pkl.",
        ),
    ],
    verify: Annotated[
        bool, typer.Option("--verify", help="Embed some sentences with both models and print the largest difference.")
    ] = False,
    vocabulary: VocabularyFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the target if it exists.")] = False,
    json: AsJson = False,
) -> None:
    """Convert a model to another format and list what that format cannot store.

    Example: `elmo convert en my-allennlp-model --to allennlp --verify`
    """
    from elmo.apps.models.convert import convert_model

    show_facts(convert_model(source, target, to, force, verify, vocabulary), json)


def info(
    model: Annotated[str, typer.Argument(help=_MODEL)],
    vocabulary: VocabularyFile = None,
    json: AsJson = False,
) -> None:
    """Show the format, sizes, parameter count, licence and training facts of a model.

    Example: `elmo info en`
    """
    from elmo.apps.models.info import describe_model

    show_facts(describe_model(model, vocabulary), json)
