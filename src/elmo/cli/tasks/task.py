"""`elmo train`, `elmo evaluate`, `elmo compare`, `elmo predict`: tasks on labelled examples."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elmo.cli.options import TEXT_FILES, AsJson, PretokenizedText, Seed, TextField
from elmo.cli.show import say, say_in_place, show_facts, show_json, show_line
from elmo.cli.signals import is_interrupt

if TYPE_CHECKING:
    from elmo.apps.tasks.learning_curve_page import Table
    from elmo.storage.job_folder import JobFolder
    from elmo.tasks.fit import Epoch


class Task(StrEnum):
    """Kinds of tasks."""

    tag = "tag"
    classify = "classify"
    pair = "pair"
    relation = "relation"
    qa = "qa"
    read = "read"  # the old name of qa


_Dtype = Annotated[
    str, typer.Option(help="Number format of the biLM: float32; bfloat16 and int8 are faster and less exact.")
]


def train(
    recipe: Annotated[
        Path | None, typer.Argument(help="Recipe: a TOML file with settings; options override it.")
    ] = None,
    task: Annotated[Task | None, typer.Option(help="Kind of task, see docs/tasks.md.")] = None,
    train: Annotated[
        Path | None,
        typer.Option(
            help="Training file: CoNLL, CoNLL-U, jsonl, tsv, csv; also compressed; intents of Rasa, Dialogflow, LUIS."
        ),
    ] = None,
    dev: Annotated[
        Path | None, typer.Option(help="Development file, for early stopping and for choosing the best epoch.")
    ] = None,
    model: Annotated[str | None, typer.Option("-m", "--model", help="Model folder or name (default: en).")] = None,
    baseline: Annotated[
        bool,
        typer.Option("--baseline", help="Train without ELMo; with --fractions or --seeds, train both for comparison."),
    ] = False,
    fractions: Annotated[
        str | None,
        typer.Option(
            metavar="P,P,...", help="Learning curve: train on each of these percentages of the training file."
        ),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="N", help="Number of seeds to train with, or a list of seeds: 0,5,9.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write the task to.")] = Path("task"),
    seed: Seed = None,
    set: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="One setting, e.g. epochs=20. Repeatable."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that caches the layers of the biLM (default: in the user's cache).")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a stopped training.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the task folder if it exists.")] = False,
    json: AsJson = False,
) -> None:
    """Train a task on labelled examples: named entities, parts of speech, sentiment, intents.

    Example: `elmo train --task classify --train reviews.csv --dev reviews-dev.csv`

    Example with a recipe: `elmo train reviews.toml --baseline -o without-elmo`
    """
    from elmo.apps.tasks.learning_curve import (
        LearningCurve,
        curve_folder,
        fractions_of,
        is_learning_curve,
        seeds_of,
        train_learning_curve,
    )
    from elmo.apps.tasks.task_recipe import task_run
    from elmo.apps.tasks.train_task import task_folder, train_task
    from elmo.errors import ConfigError
    from elmo.tasks.training import TrainingCallback

    class Live(TrainingCallback):
        def data(self, lines: Sequence[str]) -> None:
            for line in lines:
                say(line)

        def embedded(self, done: int, n: int) -> None:
            say_in_place(f"computing ELMo layers: {done:,} of {n:,} examples")

        def part(self, name: str) -> None:
            say(name)

        def epoch(self, epoch: "Epoch", name: str) -> None:
            say_in_place("")
            say(f"epoch {epoch.epoch}: loss {epoch.loss:.3f}, dev {name} {epoch.score:.2f}, {epoch.seconds:.0f} s")

    options: dict[str, Any] = {"task": task, "model": model, "seed": seed}
    given = [
        name
        for name, value in (
            *options.items(),
            ("train", train),
            ("dev", dev),
            ("set", set),
            ("fractions", fractions),
            ("seeds", seeds),
        )
        if value is not None
    ]
    if resume and (recipe or given or baseline):
        raise ConfigError("--resume uses the settings in the folder; give only -o with it")
    if baseline and model is not None and not (fractions or seeds):
        raise ConfigError("--baseline trains without a model; leave out --model")
    if fractions or seeds or (resume and is_learning_curve(output)):
        curve = None
        if not resume:
            common = task_run(recipe, options, train, dev, False, set or [])
            shared = common.config
            curve = LearningCurve(
                run=common,
                fractions=[shared.fraction] if fractions is None else fractions_of(fractions),
                seeds=[shared.seed] if seeds is None else seeds_of(seeds, shared.seed),
                baseline=baseline,
            )
        with _says_how_to_continue(curve_folder(output)):
            table = train_learning_curve(curve, output, resume=resume, force=force, cache=cache, watch=Live())
        say_in_place("")
        _show_table(output, table, json)
        return
    run = None if resume else task_run(recipe, options, train, dev, baseline, set or [])
    with _says_how_to_continue(task_folder(output)):
        found = train_task(run, output, resume=resume, force=force, cache=cache, watch=Live())
    say_in_place("")
    _show_with_warning(found.facts(), json)


@contextmanager
def _says_how_to_continue(job: "JobFolder[Any]") -> Iterator[None]:
    """Say how to continue a training that a signal stops in the block."""
    try:
        yield
    except BaseException as error:
        if is_interrupt(error) and job.is_stopped():
            say(f"elmo: the training has stopped; continue with elmo train --resume -o {job.folder}")
        raise


def _show_with_warning(facts: dict[str, Any], as_json: bool, without: Sequence[str] = ()) -> None:
    """Print facts; a warning among them is the last line on the screen.

    Args:
        without: facts that a warning makes meaningless, left out unless they are printed as JSON.
    """
    warning = facts.get("warning")
    left_out = () if as_json or warning is None else ("warning", *without)
    show_facts({name: value for name, value in facts.items() if name not in left_out}, as_json)
    if warning is not None:
        say(f"elmo: warning: {warning}")


def _show_table(output: Path, table: "Table", as_json: bool) -> None:
    """Mean and deviation of the dev score by fraction of the training file."""
    from elmo.apps.tasks.learning_curve_page import shown

    names = [f"{'ELMo' if r.with_elmo else 'without'}, {r.fraction:g} % ({r.n_examples:,})" for r in table.rows]
    if as_json:
        show_facts({"output": str(output), **table.model_dump()}, as_json)
    else:
        rows = {name: shown(row) for name, row in zip(names, table.rows, strict=True)}
        show_facts({"output": str(output), "score": f"{table.score} of the dev file", **rows}, as_json)
    for name, row in zip(names, table.rows, strict=True):
        if row.warnings:
            say(f"elmo: warning: {name}: in {len(row.warnings)} of {len(row.scores)} trainings {row.warnings[0]}")


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder of a trained task.")],
    file: Annotated[Path, typer.Argument(help="Labelled examples, in a format of elmo train.")],
    report: Annotated[Path | None, typer.Option(help="HTML report to write: scores, errors, layer weights.")] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            "--min-score",
            min=0,
            max=1,
            help="Report coverage and accuracy when predictions below this score are withheld.",
        ),
    ] = None,
    dtype: _Dtype = "float32",
    json: AsJson = False,
) -> None:
    """Evaluate a trained task on labelled examples; scores are in percent.

    Example: `elmo evaluate task reviews-dev.csv`
    """
    from elmo.apps.tasks.evaluate import evaluate_task

    show_facts(evaluate_task(folder, file, dtype, report, min_score).facts(), json)


def compare(
    a: Annotated[Path, typer.Argument(help="Folder of a trained task.")],
    b: Annotated[Path, typer.Argument(help="Folder of a second task, for instance one without ELMo.")],
    file: Annotated[Path, typer.Argument(help="Labelled examples, in a format of elmo train.")],
    dtype: _Dtype = "float32",
    json: AsJson = False,
) -> None:
    """Compare two trained tasks on the same examples, with a confidence interval of the difference.

    Example: `elmo compare task without-elmo reviews-dev.csv`
    """
    from elmo.apps.tasks.evaluate import compare_tasks

    facts = {"a": str(a), "b": str(b), **compare_tasks(a, b, file, dtype).facts()}
    _show_with_warning(facts, json, without=["a_better_share", "error_reduction"])


def predict(
    folder: Annotated[Path, typer.Argument(help="Folder of a trained task.")],
    file: Annotated[
        str, typer.Argument(help=f"Text file, one text per line (default: standard input): {TEXT_FILES}.")
    ] = "-",
    pretokenized: PretokenizedText = False,
    text_field: TextField = None,
    min_score: Annotated[
        float, typer.Option("--min-score", min=0, max=1, help="Leave out predictions with a score below this.")
    ] = 0.0,
    dtype: _Dtype = "float32",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, with offsets and scores.")
    ] = False,
) -> None:
    """Print the predictions of a trained task for each line of text.

    Example: `elmo predict task raw.txt --json`
    """
    from elmo.apps.tasks.predict import predict_lines

    for found in predict_lines(folder, file, pretokenized, dtype, min_score, text_field, why=json):
        if json:
            show_json(found.facts())
        else:
            show_line(found.shown())
