"""`elmo tokenize`: raw text -> one tokenized sentence a line."""

from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import TEXT_FILES, TextField
from elmo.cli.show import show_data


def tokenize(
    input: Annotated[Path, typer.Argument(help=f"Text file, or - for standard input: {TEXT_FILES}.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write (default: standard output).")
    ] = None,
    text_field: TextField = None,
    tokenizer: Annotated[
        int,
        typer.Option(
            min=1, max=2, help="Version of the tokenizer: 2 cuts text for new models, 1 for those in the package."
        ),
    ] = 2,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")] = False,
) -> None:
    """Split raw text into sentences and tokens: one sentence per line, tokens separated by blanks.

    Example: `echo "Dr. Smith doesn't bank there. Why?" | elmo tokenize -`
    """
    from elmo.apps.corpus.tokenize import tokenize_file
    from elmo.text.tokenizer import VERSIONS

    for line in tokenize_file(input, output, force, text_field, VERSIONS[tokenizer]):
        show_data(line)
