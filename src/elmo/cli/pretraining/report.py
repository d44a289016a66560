"""`elmo report`: the folder of a run -> a page with its curves and facts."""

from pathlib import Path
from typing import Annotated

import typer

from elmo.cli.options import AsJson
from elmo.cli.show import show_facts


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run (-o of elmo pretrain); the run may still be training.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="HTML file to write (default: report.html in the folder of the run)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")] = False,
    json: AsJson = False,
) -> None:
    """Write the report of a pretraining run (settings, curves, held-out perplexity) as one HTML file.

    Example: `elmo report my-model -o report.html`
    """
    from elmo.apps.pretraining.run_report import report_run

    show_facts(report_run(run, output, force), json)
