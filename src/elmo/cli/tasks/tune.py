"""`elmo tune`: a recipe and a search space -> trials, the best recipe, and which settings mattered."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elmo.cli.options import TEXT_FILES, AsJson, PretokenizedLines, ReplaceFolder, Seed, TextField
from elmo.cli.show import say, say_in_place, show_facts
from elmo.cli.signals import STOP, is_interrupt

if TYPE_CHECKING:
    from elmo.apps.tuning.search import Search
    from elmo.apps.tuning.search_space import Value
    from elmo.apps.tuning.session import TuneCallback
    from elmo.apps.tuning.study import TrialRecord


class Pruner(StrEnum):
    """Rules that end bad trials early."""

    median = "median"
    hyperband = "hyperband"
    none = "none"


_N_TRIALS = 20


def tune(
    recipe: Annotated[
        Path | None, typer.Argument(help="Recipe of elmo train (with a task) or of elmo pretrain.")
    ] = None,
    search: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help="Values of one setting: low..high, low..high:log, or choices a,b,c. Repeatable. "
            "A table tune in the recipe does the same.",
        ),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help=f"Number of trials, of all sessions together (default: {_N_TRIALS}).")
    ] = None,
    train: Annotated[Path | None, typer.Option(help="A task: training file, as for elmo train.")] = None,
    dev: Annotated[
        Path | None, typer.Option(help="A task: development file; its score decides which trial is the best.")
    ] = None,
    model: Annotated[str | None, typer.Option("-m", "--model", help="A task: model folder or name.")] = None,
    baseline: Annotated[bool, typer.Option("--baseline", help="A task: train without ELMo.")] = False,
    corpus: Annotated[
        list[str] | None,
        typer.Option("--corpus", help=f"Pretraining: text files or quoted glob patterns: {TEXT_FILES}. Repeatable."),
    ] = None,
    heldout: Annotated[
        Path | None, typer.Option(help="Pretraining: text whose perplexity decides (default: part of the corpus).")
    ] = None,
    vocabulary: Annotated[Path | None, typer.Option(help="Pretraining: vocabulary file, one word per line.")] = None,
    pretokenized: PretokenizedLines = False,
    text_field: TextField = None,
    start: Annotated[str | None, typer.Option(help="Pretraining: start from this model (folder or name).")] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Pretraining: number of steps of each trial.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the search.")] = Path("tuning"),
    set: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="One setting of all trials. Repeatable.")
    ] = None,
    seed: Seed = None,
    pruner: Annotated[
        Pruner, typer.Option(help="End trials early that are worse than others: median, hyperband, none.")
    ] = Pruner.median,
    max_minutes: Annotated[
        float | None, typer.Option(min=0, help="End this session after so many minutes; --resume continues.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="A task: folder that caches the layers of the biLM (default: in the user's cache)."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a stopped search, or add trials to it.")] = False,
    force: ReplaceFolder = False,
    json: AsJson = False,
) -> None:
    """Search for the best settings of a recipe by the development file or the held-out text.

    Example: `elmo tune reviews.toml --search cell_size=50..300 --trials 5`
    """
    from elmo.apps.tuning.search import tune_folder
    from elmo.apps.tuning.tune import tune as run_search
    from elmo.errors import ConfigError
    from elmo.train.memory import keep_freed_memory

    of_task = {"--train": train, "--dev": dev, "--model": model, "--baseline": baseline or None}
    of_text: dict[str, Any] = {"--corpus": corpus, "--heldout": heldout, "--vocabulary": vocabulary, "--start": start}
    of_text |= {"--max-steps": max_steps, "--pretokenized": pretokenized or None, "--text-field": text_field}
    found: Search | None = None
    if resume:
        fixed: dict[str, Any] = {
            "RECIPE": recipe,
            "--search": search,
            **of_task,
            **of_text,
            "--set": set,
            "--seed": seed,
        }
        if given := _given(fixed):
            raise ConfigError(
                f"--resume uses the settings of the search ({output}/tune.json); leave out {', '.join(given)}"
            )
        pretrains = tune_folder(output).read_settings().trained.kind == "pretraining"
    else:
        if recipe is None:
            raise ConfigError(
                "no recipe; give the recipe of a task or of elmo pretrain, or continue a search with --resume"
            )
        found = _search(recipe, search or [], trials or _N_TRIALS, pruner.value, of_task, of_text, set or [], seed)
        pretrains = found.trained.kind == "pretraining"
    if pretrains:
        keep_freed_memory()
        STOP.save_first()
    try:
        result = run_search(
            found,
            output,
            resume=resume,
            force=force,
            n_trials=trials,
            max_minutes=max_minutes,
            cache=cache,
            stop=STOP.asked if pretrains else lambda: False,
            callback=_live(),
        )
    except BaseException as error:
        if is_interrupt(error) and tune_folder(output).is_stopped():
            say(f"elmo: the search has stopped; continue with elmo tune --resume -o {output}")
        raise
    say_in_place("")
    if result.ended == "interrupted":
        say(f"elmo: interrupted; continue with elmo tune --resume -o {output}")
        raise typer.Exit(130)
    show_facts(result.facts(), json)
    if result.ended == "time was up":
        say(f"elmo: time was up; continue with elmo tune --resume -o {output}")


def _given(options: dict[str, Any]) -> list[str]:
    """The names of options that were given."""
    return [name for name, value in options.items() if value is not None]


def _search(
    recipe: Path,
    search: list[str],
    n_trials: int,
    pruning: Any,
    of_task: dict[str, Any],
    of_text: dict[str, Any],
    overrides: list[str],
    seed: int | None,
) -> "Search":
    """What the options ask for.

    Args:
        of_task, of_text: options that only one of the two kinds of recipes has, by name.
    """
    from elmo.apps.tasks.task_recipe import require_files, task_settings
    from elmo.apps.tuning.search import Search
    from elmo.apps.tuning.search_space import read_searches
    from elmo.apps.tuning.task_trials import TaskTrials
    from elmo.apps.tuning.text_trials import TextTrials
    from elmo.errors import ConfigError, TextError
    from elmo.text.sources.corpus import find_files
    from elmo.train.recipe import read_recipe, read_search, with_overrides

    space = read_searches(read_search(recipe), search, str(recipe))
    is_task = "task" in read_recipe(recipe)
    if wrong := _given(of_text if is_task else of_task):
        kind, other = ("a task", "pretraining") if is_task else ("pretraining, it names no task", "a task")
        raise ConfigError(f"{recipe} is a recipe of {kind}; {', '.join(wrong)}: for {other}; leave out")
    trained: TaskTrials | TextTrials
    if is_task:
        options = {"model": of_task["--model"], "seed": seed}
        baseline = bool(of_task["--baseline"])
        if baseline and of_task["--model"] is not None:
            raise ConfigError("--baseline trains without a model; leave out --model")
        settings, files = task_settings(recipe, options, of_task["--train"], of_task["--dev"], baseline, overrides)
        named = require_files(files)
        trained = TaskTrials(settings=settings, source=str(recipe), train_file=named["train"], dev_file=named["dev"])
    else:
        if not of_text["--corpus"]:
            raise TextError("no corpus; give files with --corpus, or name a task in the recipe")
        settings = with_overrides(read_recipe(recipe), overrides) | ({} if seed is None else {"seed": seed})
        trained = TextTrials(
            settings=settings,
            source=str(recipe),
            corpus=find_files(of_text["--corpus"]),
            heldout=of_text["--heldout"],
            vocabulary=of_text["--vocabulary"],
            pretokenized=bool(of_text["--pretokenized"]),
            text_field=of_text["--text-field"],
            max_steps=of_text["--max-steps"],
            start=of_text["--start"],
        )
    return Search(trained=trained, space=space, n_trials=n_trials, pruning=pruning)


def _live() -> "TuneCallback":
    """Prints a line when a trial begins, has a score, and ends."""
    from elmo.apps.tuning.session import TuneCallback
    from elmo.apps.tuning.tune_page import shown

    class Live(TuneCallback):
        def begin(self, number: int, n_trials: int, values: "dict[str, Value]") -> None:
            say(
                f"trial {number} ({n_trials} in all): {', '.join(f'{key} {shown(value)}' for key, value in values.items())}"
            )

        def score(self, step: int, score: float) -> None:
            say_in_place(f"  {step}: {score:.2f}")

        def end(self, record: "TrialRecord", is_best: bool) -> None:
            say_in_place("")
            if record.outcome == "complete":
                say(f"  score {record.score:.2f}{', the best so far' if is_best else ''}")
            elif record.outcome == "pruned":
                say(f"  pruned after {len(record.steps)} scores, the last {record.steps[max(record.steps)]:.2f}")
            else:
                say(f"  failed: {record.reason}")

    return Live()
