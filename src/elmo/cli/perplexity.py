"""`elmo perplexity`: how well a model predicts a text, from the left and from the right."""

from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.show import show_facts


def perplexity(
    model: Annotated[str, typer.Argument(help="Model folder, or en for the bundled model.")],
    text: Annotated[Path, typer.Argument(help="Text: txt, gz or xz.")],
    pretokenized: Annotated[
        bool, typer.Option("--pretokenized", help="One sentence a line, tokens separated by white space.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Full-softmax perplexity of a text, each direction and both; every word and one sentence mark a line is counted.

    Raw text is first split into sentences, one a line, as `elmo tokenize` does.

    Example: `elmo perplexity en README.md`
    """
    from elmo.apps.perplexity import measure_file

    show_facts(measure_file(model, text, pretokenized), json)
