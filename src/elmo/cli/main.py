"""The command `elmo`: its subcommands, and how errors end it.

Exit status: 0 done; 2 wrong input or files (one sentence); 130 interrupted; 141 nobody reads the output any more; 1 a bug of ours
(a traceback).
"""

import gc
import sys
import warnings

import typer

from elmo.cli import examples
from elmo.cli.answers import kb
from elmo.cli.corpus import doctor, tokenize
from elmo.cli.embedding import embed, neighbours, to_static
from elmo.cli.models import convert, perplexity, score
from elmo.cli.plain_flags import PlainCommand, PlainGroup
from elmo.cli.pretraining import adapt, distil, plan, pretrain, report
from elmo.cli.show import say, show_line
from elmo.cli.signals import STOP, Interrupted, is_interrupt
from elmo.cli.streams import READER_GONE_STATUS, ReaderGone, standard_streams
from elmo.cli.studies import change, demo, probe
from elmo.cli.tasks import task, tune
from elmo.errors import ElmoError

app = typer.Typer(
    name="elmo",
    cls=PlainGroup,
    help="Contextual word vectors (ELMo): embed text, train models and tasks. "
    "`elmo examples FOLDER` writes files on which the example of every command runs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
)
app.command("demo", cls=PlainCommand)(demo.demo)
app.command("examples", cls=PlainCommand)(examples.examples)
app.command("embed", cls=PlainCommand)(embed.embed)
app.command("neighbours", cls=PlainCommand)(neighbours.neighbours)
app.command("change", cls=PlainCommand)(change.change)
app.command("probe", cls=PlainCommand)(probe.probe)
app.command("plan", cls=PlainCommand)(plan.plan)
app.command("pretrain", cls=PlainCommand)(pretrain.pretrain)
app.command("adapt", cls=PlainCommand)(adapt.adapt)
app.command("distil", cls=PlainCommand)(distil.distil)
app.command("report", cls=PlainCommand)(report.report)
app.command("perplexity", cls=PlainCommand)(perplexity.perplexity)
app.command("score", cls=PlainCommand)(score.score)
app.command("fill", cls=PlainCommand)(score.fill)
app.command("train", cls=PlainCommand)(task.train)
app.command("tune", cls=PlainCommand)(tune.tune)
app.command("evaluate", cls=PlainCommand)(task.evaluate)
app.command("compare", cls=PlainCommand)(task.compare)
app.command("predict", cls=PlainCommand)(task.predict)
app.add_typer(kb.kb, name="kb")
app.command("answer", cls=PlainCommand)(kb.answer)
app.command("to-static", cls=PlainCommand)(to_static.to_static)
app.command("tokenize", cls=PlainCommand)(tokenize.tokenize)
app.command("doctor", cls=PlainCommand)(doctor.doctor)
app.command("convert", cls=PlainCommand)(convert.convert)
app.command("info", cls=PlainCommand)(convert.info)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        from elmo import __version__

        show_line(f"elmo {__version__}")
        raise typer.Exit


def _warn(message: Warning | str, *_: object) -> None:
    say(f"elmo: warning: {message}")


def main() -> None:
    """Run the command line of this process."""
    if _interrupted():
        gc.collect()  # what the interrupt left open is closed now, while the interpreter is whole
        sys.exit(130)


def _interrupted() -> bool:
    """Run the command; whether a signal ended it. Other ends raise `SystemExit`."""
    with standard_streams():
        try:
            STOP.listen()
            _run_command()
        except (Interrupted, Exception) as error:
            if not (is_interrupt(error) or STOP.interrupts()):
                raise
            say("elmo: interrupted; nothing was left half-written")
            return True
        finally:
            try:
                STOP.done()
            except Interrupted:  # a signal came after the last statement of the command
                STOP.done()  # which raises no second one while this one is handled
    return False


def _run_command() -> None:
    """Run the command; wrong input and a reader that is gone end it here, a signal at any statement ends it above."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn  # type: ignore[assignment]
            try:
                app()
            finally:
                sys.stdout.flush()  # what is buffered is written now, or an error now
    except ReaderGone:
        sys.exit(READER_GONE_STATUS)
    except ElmoError as error:
        if is_interrupt(error) or STOP.interrupts():
            raise
        say(f"elmo: {' '.join(str(error).splitlines())}")
        sys.exit(2)
