"""The command `elmo`: which subcommands there are, and what becomes of an error.

Exit status: 0 done; 2 the user's input or files (one clear sentence); 130 interrupted; 1 our bug (a traceback).
"""

import io
import signal
import sys
import warnings
from types import FrameType
from typing import NoReturn

import typer

from elmo.cli.corpus import doctor, tokenize
from elmo.cli.embedding import embed, neighbours, to_static
from elmo.cli.models import convert, perplexity
from elmo.cli.pretraining import plan, pretrain, report
from elmo.cli.studies import change, demo, probe
from elmo.cli.tasks import task
from elmo.errors import ElmoError

app = typer.Typer(
    name="elmo",
    help="Deep contextual word vectors (ELMo): train, load, embed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
)
app.command("demo")(demo.demo)
app.command("embed")(embed.embed)
app.command("neighbours")(neighbours.neighbours)
app.command("change")(change.change)
app.command("probe")(probe.probe)
app.command("plan")(plan.plan)
app.command("pretrain")(pretrain.pretrain)
app.command("report")(report.report)
app.command("perplexity")(perplexity.perplexity)
app.command("train")(task.train)
app.command("evaluate")(task.evaluate)
app.command("compare")(task.compare)
app.command("predict")(task.predict)
app.command("to-static")(to_static.to_static)
app.command("tokenize")(tokenize.tokenize)
app.command("doctor")(doctor.doctor)
app.command("convert")(convert.convert)
app.command("info")(convert.info)


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or SIGUSR1, outside of a command that knows what to save."""


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise Interrupted


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        from elmo import __version__

        print(f"elmo {__version__}")
        raise typer.Exit


def _warn(message: Warning | str, *_: object) -> None:
    print(f"elmo: warning: {message}", file=sys.stderr)


def main() -> None:
    """Run the command line of this process."""
    for number in pretrain.STOP_SIGNALS:
        signal.signal(number, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name need not be text
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn  # type: ignore[assignment]
            app()
    except ElmoError as error:
        print(f"elmo: {' '.join(str(error).splitlines())}", file=sys.stderr)
        sys.exit(2)
    except Interrupted:
        print("elmo: interrupted; nothing was left half-written", file=sys.stderr)
        sys.exit(130)
