"""`elmo convert` and `elmo info`: model files -> other model files, or facts about them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.show import show_facts


class Format(StrEnum):
    """Formats that models are written in."""

    native = "native"
    allennlp = "allennlp"


def convert(
    source: Annotated[str, typer.Argument(help="Model folder, or the name of a bundled model.")],
    target: Annotated[Path, typer.Argument(help="Folder to write.")],
    to: Annotated[Format, typer.Option(help="native: config.json + safetensors; allennlp: options.json + HDF5.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the target if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Convert a model to another format, array for array.

    Example: `elmo convert en my-allennlp-model --to allennlp`
    """
    from elmo.apps.convert import convert_model

    show_facts(convert_model(source, target, to.value, force), json)


def info(
    model: Annotated[str, typer.Argument(help="Model folder, or the name of a bundled model.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what is in a model: format, sizes, parameters, training facts.

    Example: `elmo info en`
    """
    from elmo.apps.info import describe_model

    show_facts(describe_model(model), json)
