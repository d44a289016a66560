"""`elmo report`: the folder of a run -> a page that shows how it goes or went."""

from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.show import show_facts


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run, -o DIR of elmo pretrain; it may be under way.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="HTML file to write; report.html in the folder if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the report page of a run: facts, curves, held-out perplexities, in one HTML file.

    Example: `elmo report my-model -o report.html`
    """
    from elmo.apps.pretraining.run_report import report_run

    show_facts(report_run(run, output, force), json)
