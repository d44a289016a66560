"""`elmo distil`: a teacher and text -> a model that has learned its layers."""

from pathlib import Path
from typing import Annotated, Any

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
from elmo.cli.pretraining.train_run import Storage, refuse_second_run, refuse_with_resume, train_and_show
from elmo.cli.show import say


def distil(
    teacher: Annotated[
        str | None,
        typer.Argument(
            help="Folder of a BertModel or MPNetModel with its tokenizer.json, or any model that elmo loads."
        ),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option("--corpus", help=f"Text files or quoted glob patterns: {TEXT_FILES}. Repeatable."),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the run; the finished model is written there.")
    ] = Path("distilled"),
    teacher_text: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="More text that is read for the teacher only, such as lists of names; no word of it is predicted. Repeatable.",
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Start from the weights, layers and vocabulary of this model (folder or name).")
    ] = None,
    size: ModelSize = None,
    recipe: RecipeFile = None,
    set_: RecipeSettings = None,
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
    """Train a model that learns the layers of a larger one beside its language models.

    Example: `elmo distil en --corpus "texts/*.txt.gz" --size tiny -o my-student`
    """
    from elmo.apps.pretraining.tensorboard_log import require_tensorboard
    from elmo.errors import ConfigError, TextError
    from elmo.train.memory import keep_freed_memory
    from elmo.train.ranks import join_ranks
    from elmo.train.recipe import pretrain_config, read_recipe
    from elmo.train.runs.begin import start_run
    from elmo.train.teachers.distilled_recipe import distillation_settings

    if tensorboard:
        require_tensorboard()
    keep_freed_memory()
    ranks = join_ranks(device)
    if resume:
        fixed = {
            "TEACHER": teacher,
            "--corpus": corpus,
            "--teacher-text": teacher_text,
            "--start": start,
            "--size": size,
            "--recipe": recipe,
            "--set": set_,
            "--vocabulary": vocabulary,
            "--vocabulary-size": vocabulary_size,
            "--pretokenized": pretokenized,
            "--text-field": text_field,
            "--heldout": heldout,
            "--max-steps": max_steps,
            "--seed": seed,
            "--storage": storage is not Storage.float32,
        }
        refuse_with_resume(output, fixed)
    elif ranks.is_first:
        refuse_second_run(output)
        if teacher is None:
            raise ConfigError("no teacher; give its folder or name, or continue a run with --resume -o DIR")
        if not corpus:
            raise TextError("no corpus; give files with --corpus, or continue a run with --resume -o DIR")
        settings: dict[str, Any] = {} if recipe is None else read_recipe(recipe)
        chosen = {"size": size, "vocabulary_size": vocabulary_size, "seed": seed}
        settings |= {name: value for name, value in chosen.items() if value is not None}
        start_run(
            corpus,
            output,
            pretrain_config(distillation_settings(settings), set_ or [], str(recipe or "settings")),
            vocabulary_file=vocabulary,
            heldout_file=heldout,
            pretokenized=pretokenized,
            text_field=text_field,
            max_steps=max_steps,
            storage=storage.value,
            start=start,
            mix=teacher_text or [],
            teacher=teacher,
            say=say,
        )
    train_and_show(output, max_minutes, tensorboard, json, ranks)
