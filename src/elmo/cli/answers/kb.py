"""`elmo kb build`: files -> a knowledge base; `elmo answer`: a question -> its answer with the characters of its file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.options import AsJson, read_layers
from elmo.cli.plain_flags import PlainCommand, PlainGroup
from elmo.cli.show import progress_bar, say, say_in_place, show_facts, show_json, show_line, visible
from elmo.cli.signals import is_interrupt

if TYPE_CHECKING:
    from elmo.answers import KBAnswer

_QATask = Annotated[
    Path | None,
    typer.Option("--qa", help="Folder of a task of kind qa, which reads the passages (elmo train --task qa)."),
]

kb = typer.Typer(
    cls=PlainGroup,
    help="Build a knowledge base, which answers questions from a folder of files.\n\n"
    "Example: `elmo kb build manual faq.csv -o kb`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def build(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders: txt, md, html; csv, tsv and jsonl with columns question and answer; also gz, xz, zst, bz2."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the knowledge base.")],
    model: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            help="Model folder, or the name of a bundled model (default: that of the knowledge base, else en).",
        ),
    ] = None,
    qa: _QATask = None,
    layers: Annotated[
        str | None, typer.Option(help="Layers whose mean is compared: the index of a layer, mean, top (default: 0).")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="Language of stop words and stems: en, zh, de, ... (default: auto, that of the texts)."),
    ] = None,
    stem: Annotated[bool | None, typer.Option("--stem/--no-stem", help="Compare words by their stems.")] = None,
    stop_words: Annotated[
        bool | None, typer.Option("--stop-words/--no-stop-words", help="Leave out the most frequent words.")
    ] = None,
    question: Annotated[str | None, typer.Option(help="Column or field with the question in tables.")] = None,
    answer: Annotated[str | None, typer.Option(help="Column or field with the answer in tables.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Build all anew, even with other settings.")] = False,
    json: AsJson = False,
) -> None:
    """Build a knowledge base from files, or bring one up to date: only files that are new or have changed are read again.

    A build that was stopped goes on when the command is given again.

    Example: `elmo kb build manual faq.csv -o kb`
    """
    from elmo.answers import build_kb

    with _says_how_to_go_on():
        built = build_kb(
            paths,
            output,
            model=model,
            qa=qa,
            layers=None if layers is None else read_layers(layers),  # type: ignore[arg-type]
            language=language,
            stem=stem,
            stop_words=stop_words,
            question=question,
            answer=answer,
            force=force,
            report=_show_progress,
        )
    say_in_place("")
    show_facts(built._asdict(), json)


kb.command("build", cls=PlainCommand)(build)


@contextmanager
def _says_how_to_go_on() -> Iterator[None]:
    """Say how a build goes on that a signal stops in the block."""
    try:
        yield
    except BaseException as error:
        if is_interrupt(error):
            say("elmo: the build was stopped; the same command goes on where it was")
        raise


def _show_progress(done: int, n: int, entries: int) -> None:
    say_in_place(f"{progress_bar(done / n)} {done:,} of {n:,} files, {entries:,} passages embedded")


def answer(
    kb: Annotated[Path, typer.Argument(help="Folder of a knowledge base (elmo kb build).")],
    question: Annotated[str, typer.Argument(help="The question, or - for one question per line of standard input.")],
    qa: _QATask = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            "--min-score", min=0, max=1, help="Give no answer with a score below this (default: calibrated, else 0.5)."
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Answer a question from a knowledge base, with the file and the characters where the answer is written, or not at all.

    Example: `elmo answer kb "When does the library open on Sundays?"`
    """
    from elmo.answers import KnowledgeBase
    from elmo.text.sources.lines import read_lines

    found = KnowledgeBase.load(kb, qa=qa, min_score=min_score)
    changed = found.changed_sources()
    if changed:
        more = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        say(f"elmo: warning: {changed[0]}{more}: changed or gone since {kb} was built; build it again to read them")
    questions = (line for line in read_lines(Path("-")) if line.strip()) if question == "-" else iter([question])
    for one in questions:
        answered = found(one)
        if json:
            show_json(answered.facts())
        else:
            _show(answered)


def _show(answered: "KBAnswer") -> None:
    if answered.answer is None:
        show_line(f"no answer (score {answered.score:.2f})")
        return
    show_line(visible(answered.answer))
    show_line(
        f"  {answered.kind}, score {answered.score:.2f}, {answered.file}: characters {answered.start} to {answered.end}"
    )
