"""`elmo pretrain`: text files -> a model folder."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elmo.cli.options import (
    TEXT_FILES,
    AsJson,
    ModelSize,
    PretokenizedLines,
    RecipeFile,
    RecipeSettings,
    Seed,
    TextField,
    VocabularySize,
)
from elmo.cli.pretraining.live_line import LiveLine
from elmo.cli.show import say, say_in_place, show_facts
from elmo.cli.signals import STOP

if TYPE_CHECKING:
    from elmo.train.runs.session import RunResult


class Storage(StrEnum):
    """Number format of the stored weights."""

    float32 = "float32"
    float16 = "float16"
    int8 = "int8"


def pretrain(
    corpus: Annotated[
        list[str] | None,
        typer.Option("--corpus", help=f"Text files or quoted glob patterns: {TEXT_FILES}. Repeatable."),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the run; the finished model is written there.")
    ] = Path("model"),
    size: ModelSize = None,
    recipe: RecipeFile = None,
    set_: RecipeSettings = None,
    start: Annotated[
        str | None, typer.Option(help="Start from the weights, layers and vocabulary of this model (folder or name).")
    ] = None,
    vocabulary: Annotated[
        Path | None, typer.Option(help="Vocabulary file, one word per line (default: count one in the corpus).")
    ] = None,
    vocabulary_size: VocabularySize = None,
    pretokenized: PretokenizedLines = False,
    text_field: TextField = None,
    heldout: Annotated[
        Path | None,
        typer.Option(help="Text for held-out perplexity (default: one sentence in a hundred of the corpus)."),
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(min=0, help="End after this many minutes; the learning rate decays until then.")
    ] = None,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="Number of steps of the run and of its learning rate schedule.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in -o from its last checkpoint.")] = False,
    seed: Seed = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write a TensorBoard log to DIR/tensorboard.")
    ] = False,
    storage: Annotated[
        Storage, typer.Option(help="Number format of the final model: float16 halves the file size, int8 quarters it.")
    ] = Storage.float32,
    device: Annotated[str, typer.Option(help="cpu or cuda; under torchrun each process uses its own GPU.")] = "cpu",
    json: AsJson = False,
) -> None:
    """Train a bidirectional language model (ELMo) on text.

    Example: `elmo pretrain --corpus "texts/*.txt.gz" -o my-model --max-minutes 30`
    """
    from elmo.apps.pretraining.pretrain import continue_run
    from elmo.apps.pretraining.tensorboard_log import require_tensorboard
    from elmo.errors import ConfigError, OutputError, TextError
    from elmo.train.memory import keep_freed_memory
    from elmo.train.ranks import end_rank, join_ranks
    from elmo.train.recipe import pretrain_config, read_recipe
    from elmo.train.runs.begin import start_run
    from elmo.train.runs.settings import run_folder

    if tensorboard:
        require_tensorboard()
    keep_freed_memory()
    ranks = join_ranks(device)
    if resume:
        fixed = {
            "--corpus": corpus,
            "--size": size,
            "--recipe": recipe,
            "--set": set_,
            "--start": start,
            "--vocabulary": vocabulary,
            "--vocabulary-size": vocabulary_size,
            "--pretokenized": pretokenized,
            "--text-field": text_field,
            "--heldout": heldout,
            "--max-steps": max_steps,
            "--seed": seed,
            "--storage": storage is not Storage.float32,
        }
        given = [name for name, value in fixed.items() if value is not None and value is not False and value != []]
        if given:
            raise ConfigError(
                f"--resume uses the settings of the run ({output}/run.json); leave out {', '.join(given)}"
            )
    elif ranks.is_first:
        if run_folder(output).is_begun():
            raise OutputError(f"{output} already contains a run; continue it with --resume, or give another -o")
        if not corpus:
            raise TextError("no corpus; give files with --corpus, or continue a run with --resume -o DIR")
        settings: dict[str, Any] = {} if recipe is None else read_recipe(recipe)
        chosen = {"size": size, "vocabulary_size": vocabulary_size, "seed": seed}
        settings |= {name: value for name, value in chosen.items() if value is not None}
        start_run(
            corpus,
            output,
            pretrain_config(settings, set_ or [], str(recipe or "settings")),
            vocabulary_file=vocabulary,
            heldout_file=heldout,
            pretokenized=pretokenized,
            text_field=text_field,
            max_steps=max_steps,
            storage=storage.value,
            start=start,
            say=say,
        )

    ranks.wait()
    STOP.save_first()
    live = LiveLine(max_minutes)
    result = continue_run(
        output,
        max_minutes=max_minutes,
        tensorboard=tensorboard,
        stop=STOP.asked,
        report=live.show,
        ranks=ranks,
    )
    say_in_place("")
    if ranks.is_first:
        _show(result, output, json)
    end_rank(ranks, 0 if result.finished or not ranks.is_first else 130)


def _show(result: "RunResult", output: Path, json: bool) -> None:
    """Print how a session ended."""
    from elmo.apps.pretraining.run_report import REPORT_FILE

    if not result.finished or result.heldout is None:
        say(
            f"elmo: interrupted at step {result.steps:,}; saved in {result.checkpoint}; continue with --resume -o {output}"
        )
        return
    show_facts(result.facts() | {"report": str(output / REPORT_FILE)}, json)
    if result.steps < result.n_steps:
        say(
            f"elmo: {result.why} at step {result.steps:,} of {result.n_steps:,} ({result.epochs:.3g} epochs); the learning rate "
            f"has decayed to its end. To train on: --resume -o {output}; for M more minutes add --max-minutes M"
        )
