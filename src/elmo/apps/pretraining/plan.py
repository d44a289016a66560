"""The cost of a training run, and the largest model size for a given number of hours."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from elmo.apps.pretraining.advised import advised_run, pretrain_command
from elmo.apps.pretraining.run_cost import RunCost, cost_of_run
from elmo.apps.pretraining.text_sample import TextSample, sampled_text
from elmo.errors import ConfigError
from elmo.model.config import SIZES
from elmo.text.tokenizer import NEWEST, VERSIONS
from elmo.train.ranks import join_ranks
from elmo.train.recipe import pretrain_config, read_recipe

SPARE = 0.05  # fraction of the hours kept in reserve for other programs


@dataclass(frozen=True)
class PlanRequest:
    """The corpus and the settings of a run, as for `elmo pretrain`."""

    corpus: Sequence[str]
    size: str | None = None
    recipe: Path | None = None
    overrides: Sequence[str] = ()  # key=value
    vocabulary_size: int | None = None
    pretokenized: bool = False
    text_field: str | None = None
    device: str = "cpu"

    def settings(self) -> dict[str, Any]:
        """The recipe, with the options that are settings."""
        chosen = {"size": self.size, "vocabulary_size": self.vocabulary_size}
        settings = {} if self.recipe is None else read_recipe(self.recipe)
        return settings | {name: value for name, value in chosen.items() if value is not None}


@dataclass(frozen=True)
class Plan:
    """The measured costs and the proposed run."""

    n_files: int
    n_bytes: int  # uncompressed
    n_tokens: int
    n_sentences: int
    n_types: int
    exact: bool  # False: the three numbers above are estimates
    n_threads: int
    device: str
    measured: dict[str, RunCost]  # by size, smallest first; without hours a single size
    chosen: str  # a key of `measured`
    epochs: int  # of the proposed run
    n_steps: int  # of the proposed run
    command: str

    @property
    def cost(self) -> RunCost:
        """The cost of the chosen run."""
        return self.measured[self.chosen]


def plan_training(
    request: PlanRequest,
    hours: float | None = None,
    seconds: float = 8.0,
    say: Callable[[str], None] = lambda line: None,
) -> Plan:
    """Estimate the cost of a run or, with hours, find the largest size that completes enough epochs in them.

    Args:
        hours: from the command to the model; the epochs are then those of `advised_run`. None: the run of the settings, with
            the size and the epochs of `advised_run` where they are not set.
        seconds: of measuring, for each size.
        say: called with what is being done.
    Raises:
        TextError: the corpus cannot be read, or is too small.
        ConfigError: a setting cannot work, no size fits in memory, or no step fits in the hours.
    """
    for name, value in (("hours", hours), ("seconds", seconds)):
        if value is not None and not math.isfinite(value):
            raise ConfigError(f"--{name} {value}: give a finite number")
    settings, overrides = request.settings(), list(request.overrides)
    source = str(request.recipe or "settings")
    base = pretrain_config(settings, overrides, source)  # wrong settings are reported before the corpus is read
    ranks = join_ranks(request.device)
    tokenizer = NEWEST if base.tokenizer is None else VERSIONS[base.tokenizer]
    with sampled_text(request.corpus, request.pretokenized, request.text_field, base.seed, say, tokenizer) as sample:
        size, epochs = advised_run(sample.n_tokens)
        if hours is None:
            name = str(settings.get("size", "tiny" if "bilm" in settings else size))
            if "epochs" not in base.model_fields_set:
                overrides.append(f"epochs={epochs}")
            recipe = pretrain_config(settings | {"size": name}, overrides, source)
            cost = cost_of_run(sample, recipe, ranks, seconds, say)
            return _plan(request, sample, {name: cost}, name, cost.recipe.epochs, cost.n_steps, None)
        measured: dict[str, RunCost] = {}
        for size in SIZES if request.size is None else (request.size,):
            asked = [*overrides, f"epochs={epochs}"]
            recipe = pretrain_config(settings | {"size": size}, asked, source)
            cost = cost_of_run(sample, recipe, ranks, seconds, partial(_say_of, say, size))
            measured[size] = cost
            if not cost.fits or cost.step is None or cost.step.n_steps == 0:  # larger sizes would not fit either
                break
        chosen, n_steps = _largest(measured, 3600 * hours * (1 - SPARE), hours)
        cost = measured[chosen]
        epochs = -(-n_steps * cost.recipe.rows * cost.recipe.window // cost.n_positions)
        # The last step of the last epoch reads into the next one.
        return _plan(request, sample, measured, chosen, min(epochs, cost.recipe.epochs), n_steps, n_steps)


def advice_of(cost: RunCost) -> str | None:
    """Advice for a run that does not fit in memory; None: it fits."""
    if cost.fits or cost.memory_there is None:
        return None
    memory, rows = cost.memory, cost.recipe.rows
    why = f"This run needs {gibibytes(memory.total)}; {gibibytes(cost.memory_there)} are available."
    if memory.steady >= cost.memory_there:
        return f"{why} The model alone is too large: choose a smaller --size or --vocabulary-size."
    n_parts = -(-memory.activations // (cost.memory_there - memory.steady))
    if n_parts > rows:
        return f"{why} Not even one row fits: choose a smaller --size or --set window=N."
    parts = f"--set accumulate={n_parts} (gradient accumulation, the same result)"
    return f"{why} Use {parts}, --set rows={max(1, rows // n_parts)}, or a smaller --size."


def gibibytes(n_bytes: float) -> str:
    """Bytes as text."""
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:.0f} MiB"


def _say_of(say: Callable[[str], None], size: str, line: str) -> None:
    say(f"{size}: {line}")


def _largest(measured: dict[str, RunCost], seconds: float, hours: float) -> tuple[str, int]:
    """The largest size that completes its epochs in the time, else the smallest; and its steps."""
    possible = {size: cost.steps_within(seconds) for size, cost in measured.items() if cost.step is not None}
    if not possible:
        raise ConfigError(str(advice_of(next(iter(measured.values())))))
    whole = [size for size, n_steps in possible.items() if n_steps == measured[size].n_steps]
    size = whole[-1] if whole else next(iter(possible))
    if possible[size] == 0:
        needed = measured[size].seconds(1) / 3600 / (1 - SPARE)
        raise ConfigError(
            f"--hours {hours:g}: reading the text and one step of size {size} take {needed:.3g} hours; give more hours"
        )
    return size, possible[size]


def _plan(
    request: PlanRequest,
    sample: TextSample,
    measured: dict[str, RunCost],
    chosen: str,
    epochs: int,
    n_steps: int,
    max_steps: int | None,
) -> Plan:
    return Plan(
        n_files=sample.n_files,
        n_bytes=sample.n_bytes,
        n_tokens=sample.n_tokens,
        n_sentences=sample.n_sentences,
        n_types=sample.n_types,
        exact=sample.whole,
        n_threads=torch.get_num_threads(),
        device=request.device,
        measured=measured,
        chosen=chosen,
        epochs=epochs,
        n_steps=n_steps,
        command=_command(request, chosen, epochs, max_steps),
    )


def _command(request: PlanRequest, size: str, epochs: int, max_steps: int | None) -> str:
    """The `elmo pretrain` of a plan, for a POSIX shell, into a folder that does not exist yet."""
    folder, number = "my-model", 1
    while Path(folder).exists():
        number += 1
        folder = f"my-model-{number}"
    set_already = any(override.partition("=")[0].strip() == "epochs" for override in request.overrides)
    in_recipe = request.recipe is not None and "epochs" in read_recipe(request.recipe)
    return pretrain_command(
        request.corpus,
        size,
        epochs=None if max_steps is None and (set_already or in_recipe) else epochs,
        vocabulary_size=request.vocabulary_size,
        pretokenized=request.pretokenized,
        text_field=request.text_field,
        recipe=request.recipe,
        overrides=request.overrides,
        max_steps=max_steps,
        device=request.device,
        folder=folder,
    )
