"""`elmo tokenize`: raw text -> one tokenized sentence a line."""

from pathlib import Path
from typing import Annotated

import typer


def tokenize(
    input: Annotated[Path, typer.Argument(help="Text file (txt, also gz, xz, zst), or - for standard input.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write (default: standard output).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")] = False,
) -> None:
    """Split raw text into sentences and tokens: one sentence per line, tokens separated by blanks.

    Example: `echo "Dr. Smith doesn't bank there. Why?" | elmo tokenize -`
    """
    from elmo.apps.corpus.tokenize import tokenize_file

    for line in tokenize_file(input, output, force):
        print(line)
