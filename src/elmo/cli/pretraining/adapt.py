"""`elmo adapt`: a model of any format and new text -> the same model, continued on this text."""

from pathlib import Path
from typing import Annotated, Any

import typer

from elmo.cli.options import (
    AsJson,
    GivenVocabulary,
    HeldoutText,
    MaxMinutes,
    MaxSteps,
    ModelStorage,
    PretokenizedLines,
    RecipeFile,
    RecipeSettings,
    ResumeRun,
    RunCorpus,
    RunFolder,
    Seed,
    Storage,
    TextField,
    TrainingDevice,
    VocabularySize,
    WithTensorBoard,
)
from elmo.cli.pretraining.train_run import (
    join_training,
    refuse_second_run,
    refuse_with_resume,
    require_corpus,
    train_and_show,
)
from elmo.cli.show import say


def adapt(
    model: Annotated[
        str | None,
        typer.Argument(help="Model folder or archive in any format, a hub id, or the name of a bundled model."),
    ] = None,
    corpus: RunCorpus = None,
    output: RunFolder = Path("adapted"),
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
    vocabulary: GivenVocabulary = None,
    vocabulary_size: VocabularySize = None,
    pretokenized: PretokenizedLines = False,
    text_field: TextField = None,
    heldout: HeldoutText = None,
    max_minutes: MaxMinutes = None,
    max_steps: MaxSteps = None,
    resume: ResumeRun = False,
    seed: Seed = None,
    tensorboard: WithTensorBoard = False,
    storage: ModelStorage = Storage.float32,
    device: TrainingDevice = "cpu",
    json: AsJson = False,
) -> None:
    """Continue any model on new text. A model without a softmax learns a new one first.

    Example: `elmo adapt en --corpus corpus.txt -o my-field`
    """
    from elmo.apps.pretraining.adapt import begin_adaptation
    from elmo.errors import ConfigError

    ranks = join_training(tensorboard, device)
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
        files = require_corpus(corpus)
        chosen: dict[str, Any] = {"vocabulary_size": vocabulary_size, "seed": seed}
        chosen = {name: value for name, value in chosen.items() if value is not None}
        if new_words is not None:
            chosen["adaptation"] = {"new_words": new_words}
        begin_adaptation(
            model,
            files,
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
