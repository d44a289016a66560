"""`elmo distil`: a teacher and text -> a model that has learned its layers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from elmo.cli.options import (
    AsJson,
    GivenVocabulary,
    HeldoutText,
    MaxMinutes,
    MaxSteps,
    ModelSize,
    ModelStorage,
    PretokenizedLines,
    RecipeFile,
    RecipeSettings,
    ResumeRun,
    RunCorpus,
    RunFolder,
    Seed,
    StartModel,
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


def distil(
    teacher: Annotated[
        str | None,
        typer.Argument(
            help="Folder of a BertModel or MPNetModel with its tokenizer.json, or any model that elmo loads."
        ),
    ] = None,
    corpus: RunCorpus = None,
    output: RunFolder = Path("distilled"),
    teacher_text: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="More text that is read for the teacher only, such as lists of names; no word of it is predicted. Repeatable.",
        ),
    ] = None,
    start: StartModel = None,
    size: ModelSize = None,
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
    """Train a model that learns the layers of a larger one beside its language models.

    Example: `elmo distil en --corpus "texts/*.txt.gz" --size tiny -o my-student`
    """
    from elmo.errors import ConfigError
    from elmo.train.recipe import pretrain_config, read_recipe
    from elmo.train.runs.begin import start_run
    from elmo.train.teachers.distilled_recipe import distillation_settings

    ranks = join_training(tensorboard, device)
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
        files = require_corpus(corpus)
        settings: dict[str, Any] = {} if recipe is None else read_recipe(recipe)
        chosen = {"size": size, "vocabulary_size": vocabulary_size, "seed": seed}
        settings |= {name: value for name, value in chosen.items() if value is not None}
        start_run(
            files,
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
