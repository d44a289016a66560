"""`elmo plan`: the time and memory of a training run, and the best model size for a given number of hours."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from elmo.cli.options import (
    TEXT_FILES,
    AsJson,
    ModelSize,
    PretokenizedLines,
    RecipeFile,
    RecipeSettings,
    TextField,
    VocabularySize,
)
from elmo.cli.show import Screen, grid, new_table, say_in_place, show_facts
from elmo.train.runs.durations import duration_text

if TYPE_CHECKING:
    from rich.table import Table

    from elmo.apps.pretraining.plan import Plan
    from elmo.apps.pretraining.run_cost import RunCost

_WIDTH = 80  # columns


def plan(
    corpus: Annotated[
        list[str],
        typer.Option("--corpus", help=f"Text files or quoted glob patterns: {TEXT_FILES}. Repeatable."),
    ],
    size: ModelSize = None,
    recipe: RecipeFile = None,
    set_: RecipeSettings = None,
    vocabulary_size: VocabularySize = None,
    pretokenized: PretokenizedLines = False,
    text_field: TextField = None,
    hours: Annotated[
        float | None, typer.Option(min=0, help="Propose the largest model that trains well in this many hours.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Seconds of speed measurement for each size.")] = 8.0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    json: AsJson = False,
) -> None:
    """Estimate the parameters, memory, speed on this machine and hours of a training run; print its command.

    Example: `elmo plan --corpus "texts/*.txt" --seconds 1`
    """
    from elmo.apps.pretraining.plan import PlanRequest, plan_training
    from elmo.train.memory import keep_freed_memory

    keep_freed_memory()  # as pretrain does; it is worth a tenth of the speed
    request = PlanRequest(corpus, size, recipe, set_ or (), vocabulary_size, pretokenized, text_field, device)
    try:
        found = plan_training(request, hours, seconds, say_in_place)
    finally:
        say_in_place("")
    if json:
        show_facts(_flat(found), as_json=True)
    else:
        _show(found, hours)


def _flat(plan: "Plan") -> dict[str, Any]:
    """The plan under flat keys; `SIZE.tokens_per_s` and the like for each measured size."""
    from elmo.apps.pretraining.plan import advice_of

    cost = plan.cost
    facts: dict[str, Any] = {
        "files": plan.n_files,
        "bytes": plan.n_bytes,
        "tokens": plan.n_tokens,
        "sentences": plan.n_sentences,
        "types": plan.n_types,
        "exact": plan.exact,
        "size": plan.chosen,
        "vocabulary": cost.n_words,
        "rows": cost.recipe.rows,
        "window": cost.recipe.window,
        "precision": cost.recipe.precision,
        "device": plan.device,
        "threads": plan.n_threads,
    }
    facts |= {f"parameters.{name}": n for name, n in cost.parameters._asdict().items()}
    facts["parameters"] = cost.parameters.total
    facts |= {f"memory.{name}": n for name, n in cost.memory._asdict().items()}
    facts |= {"memory": cost.memory.total, "memory_there": cost.memory_there, "fits": cost.fits}
    if (advice := advice_of(cost)) is not None:
        facts["advice"] = advice
    facts |= {"epochs": plan.epochs, "steps": plan.n_steps, "tokens_per_s": None, "hours": None}
    if cost.step is not None:
        hours = {f"hours.{name}": s / 3600 for name, s in _seconds(cost, plan.n_steps).items()}
        facts |= {"tokens_per_s": cost.tokens_per_s, "step_s": cost.step.seconds, "measured_steps": cost.step.n_steps}
        facts |= {"hours": cost.seconds(plan.n_steps) / 3600, **hours}
    for name, other in plan.measured.items():
        whole = None if other.step is None else other.seconds(other.n_steps) / 3600
        facts |= {f"{name}.tokens_per_s": other.tokens_per_s, f"{name}.hours": whole, f"{name}.fits": other.fits}
    return facts | {"command": plan.command}


def _seconds(cost: "RunCost", n_steps: int) -> dict[str, float]:
    return {
        "reading": cost.reading_s,
        "steps": cost.stepping_s(n_steps),
        "evaluations": cost.evaluating_s(n_steps),
        "checkpoints": cost.saving_s(n_steps),
    }


def _show(plan: "Plan", hours: float | None) -> None:
    from elmo.apps.pretraining.plan import advice_of

    screen = Screen(_WIDTH)
    sections = [("The text", _text(plan)), (f"The model: {plan.chosen}", _model(plan))]
    if len(plan.measured) > 1:
        sections.append(("Sizes", _sizes(plan)))
    if plan.cost.step is not None:
        title = "The run" if hours is None else f"The run: best size for {hours:g} hours"
        sections.append((title, _run(plan)))
    for title, table in sections:
        screen.section(title, table)
    if (advice := advice_of(plan.cost)) is not None:
        screen.line((f"It does not fit in memory. {advice}", "bold"), wrap=True)
    else:
        screen.line((plan.command, "cyan"))


def _text(plan: "Plan") -> "Table":
    about = "" if plan.exact else "about "
    return grid(
        [
            ("files", f"{plan.n_files:,}, {plan.n_bytes / 1e6:,.1f} MB uncompressed"),
            ("tokens", f"{about}{plan.n_tokens:,} in {about}{plan.n_sentences:,} sentences"),
            ("types", f"{about}{plan.n_types:,}; vocabulary {plan.cost.n_words:,}"),
        ]
    )


def _model(plan: "Plan") -> "Table":
    from elmo.apps.pretraining.plan import gibibytes

    cost = plan.cost
    parts = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in cost.parameters._asdict().items())
    kinds = ", ".join(f"{name} {gibibytes(n)}" for name, n in cost.memory._asdict().items())
    there = "" if cost.memory_there is None else f" of {gibibytes(cost.memory_there)}"
    where = "" if plan.device == "cpu" else f" ({gibibytes(cost.memory.on_device)} on {plan.device})"
    return grid(
        [
            ("parameters", f"{cost.parameters.total:,}: {parts}"),
            ("memory", f"about {gibibytes(cost.memory.total)}{there}{where}: {kinds}"),
        ]
    )


def _sizes(plan: "Plan") -> "Table":
    from elmo.apps.pretraining.plan import gibibytes

    table = new_table(box=None, pad_edge=False)
    table.add_column()
    for column in ("parameters", "memory", "tokens/s", "total time"):
        table.add_column(column, justify="right")
    for name, cost in plan.measured.items():
        speed = "does not fit" if cost.tokens_per_s is None else f"{cost.tokens_per_s:,.0f}"
        time = "-" if cost.tokens_per_s is None else duration_text(cost.seconds(cost.n_steps))
        table.add_row(name, f"{cost.parameters.total:,}", gibibytes(cost.memory.total), speed, time)
    return table


def _run(plan: "Plan") -> "Table":
    cost, step = plan.cost, plan.cost.step
    assert step is not None
    recipe = cost.recipe
    measured = (
        "one step, longer than the measurement"
        if step.n_steps == 0
        else f"median of {step.n_steps:,} step{'s' * (step.n_steps > 1)}"
    )
    parts = ", ".join(f"{name} {duration_text(s)}" for name, s in _seconds(cost, plan.n_steps).items())
    read = plan.n_steps * recipe.rows * recipe.window / cost.n_positions
    speed = (
        f"{cost.tokens_per_s:,.0f} tokens/s, {step.seconds:.3g} s per step of {recipe.rows} x {recipe.window} tokens"
    )
    threads = f"{plan.n_threads} thread{'s' * (plan.n_threads > 1)}"
    return grid(
        [
            ("speed", speed),
            ("measured", f"{measured}; {plan.device}, {threads}, {recipe.precision}"),
            ("epochs", f"{read:.3g}, in {plan.n_steps:,} steps"),
            ("time", f"about {duration_text(cost.seconds(plan.n_steps))}: {parts}"),
        ]
    )
