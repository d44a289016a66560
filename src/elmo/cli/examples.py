"""`elmo examples`: small files on which the documented commands run."""

from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.show import show_facts, show_line


def examples(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it must be new or empty.")],
    json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Write small example files (texts, labelled files in every format) and print a first command for each.

    Example: `elmo examples my-examples`
    """
    from elmo.apps.examples.write_examples import write_examples

    written = write_examples(folder)
    if json:
        show_facts({"output": str(folder), **{example.files: example.command for example in written}}, as_json=True)
        return
    show_line(f"The example files are in {folder}. Run these commands there:")
    for example in written:
        for line in ("", example.files, f"  {example.content}", f"  {example.command}"):
            show_line(line)
