"""`elmo pretrain`: text files -> a model folder."""

from pathlib import Path
from typing import Any

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


def pretrain(
    corpus: RunCorpus = None,
    output: RunFolder = Path("model"),
    size: ModelSize = None,
    recipe: RecipeFile = None,
    set_: RecipeSettings = None,
    start: StartModel = None,
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
    """Train a bidirectional language model (ELMo) on text.

    Example: `elmo pretrain --corpus "texts/*.txt.gz" -o my-model --max-minutes 30`
    """
    from elmo.train.recipe import pretrain_config, read_recipe
    from elmo.train.runs.begin import start_run

    ranks = join_training(tensorboard, device)
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
        refuse_with_resume(output, fixed)
    elif ranks.is_first:
        refuse_second_run(output)
        files = require_corpus(corpus)
        settings: dict[str, Any] = {} if recipe is None else read_recipe(recipe)
        chosen = {"size": size, "vocabulary_size": vocabulary_size, "seed": seed}
        settings |= {name: value for name, value in chosen.items() if value is not None}
        start_run(
            files,
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
    train_and_show(output, max_minutes, tensorboard, json, ranks)
