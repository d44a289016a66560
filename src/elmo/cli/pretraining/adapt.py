"""`elmo adapt`: a model of any format and new text -> the same model, continued on this text."""

from pathlib import Path
from typing import Annotated, Any

import typer

from elmo.cli.options import (
    TEXT_FILES,
    AsJson,
    PretokenizedLines,
    RecipeFile,
    RecipeSettings,
    Seed,
    TextField,
    VocabularySize,
)
from elmo.cli.pretraining.train_run import Storage, refuse_second_run, refuse_with_resume, train_and_show
from elmo.cli.show import say


def adapt(
    model: Annotated[
        str | None,
        typer.Argument(help="Model folder or archive in any format, a hub id, or the name of a bundled model."),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option("--corpus", help=f"New text, files or quoted glob patterns: {TEXT_FILES}. Repeatable."),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the run; the adapted model is written there.")
    ] = Path("adapted"),
    mix: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB[:FRACTION]",
            help="Old text to mix in, and the fraction of the positions that read it (0.2). Repeatable.",
        ),
    ] = None,
    new_words: Annotated[
        int | None, typer.Option(min=0, help="Words of the new text that the vocabulary gains at most (2000).")
    ] = None,
    recipe: RecipeFile = None,
    set_: RecipeSettings = None,
    vocabulary: Annotated[
        Path | None, typer.Option(help="Vocabulary file of a new softmax (default: count one in the text).")
    ] = None,
    vocabulary_size: VocabularySize = None,
    pretokenized: PretokenizedLines = False,
    text_field: TextField = None,
    heldout: Annotated[
        Path | None,
        typer.Option(help="New text for held-out perplexity (default: one sentence in a hundred of the corpus)."),
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
    """Continue any model on new text. A model without a softmax learns a new one first.

    Example: `elmo adapt en --corpus corpus.txt -o my-field`
    """
    from elmo.apps.pretraining.adapt import begin_adaptation
    from elmo.apps.pretraining.tensorboard_log import require_tensorboard
    from elmo.errors import ConfigError, TextError
    from elmo.train.memory import keep_freed_memory
    from elmo.train.ranks import join_ranks

    if tensorboard:
        require_tensorboard()
    keep_freed_memory()
    ranks = join_ranks(device)
    if resume:
        fixed = {
            "MODEL": model,
            "--corpus": corpus,
            "--mix": mix,
            "--new-words": new_words,
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
        if model is None:
            raise ConfigError("no model; give its folder or name, or continue a run with --resume -o DIR")
        if not corpus:
            raise TextError("no corpus; give files with --corpus, or continue a run with --resume -o DIR")
        chosen: dict[str, Any] = {"vocabulary_size": vocabulary_size, "seed": seed}
        chosen = {name: value for name, value in chosen.items() if value is not None}
        if new_words is not None:
            chosen["adaptation"] = {"new_words": new_words}
        begin_adaptation(
            model,
            corpus,
            output,
            recipe=recipe,
            overrides=set_ or [],
            chosen=chosen,
            mix=mix or [],
            vocabulary=vocabulary,
            heldout=heldout,
            pretokenized=pretokenized,
            text_field=text_field,
            max_steps=max_steps,
            storage=storage.value,
            say=say,
        )
    train_and_show(output, max_minutes, tensorboard, json, ranks)
