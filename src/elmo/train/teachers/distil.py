"""Begin a run that learns from a teacher, from Python."""

from collections.abc import Callable, Iterable
from pathlib import Path

from elmo.checkpoints.formats.native import StorageType
from elmo.text.sentence_inputs import Sentence
from elmo.train.recipe import Recipe, recipe_of
from elmo.train.runs.run import Run
from elmo.train.teachers.distilled_recipe import distillation_settings


def distil(
    teacher: str | Path,
    corpus: str | Path | Iterable[Path] | Iterable[Sentence],
    folder: str | Path,
    recipe: Recipe | None = None,
    *,
    teacher_text: str | Path | Iterable[Path] | Iterable[Sentence] | None = None,
    start: str | None = None,
    heldout: str | Path | Iterable[Sentence] | None = None,
    vocabulary: str | Path | None = None,
    pretokenized: bool = False,
    text_field: str | None = None,
    max_steps: int | None = None,
    storage: StorageType = "float32",
    say: Callable[[str], None] = lambda line: None,
) -> Run:
    """Begin a run in which a biLM learns the layers of another model beside its language models.

    Its `train` does the work, and `Run.resume` opens it again. The run keeps a copy of the teacher.

    Args:
        teacher: the folder of a BertModel or an MPNetModel (`config.json`, `model.safetensors`, `tokenizer.json`; extra
            `teacher`), or any model that `Elmo.from_pretrained` reads.
        corpus: text for both. folder, heldout, vocabulary, pretokenized, text_field, max_steps, storage, say: see `Run.begin`.
        recipe: as for `Run.begin`, over the defaults of `distilled_recipe.py`; those of the teacher are in `settings.py` beside
            it. A `PretrainConfig` is taken as it is, and has to have a `teacher`.
        teacher_text: more text that is read for the teacher only, such as lists of names; no word of it is predicted.
        start: a model to begin from, folder or name; None: random weights.
    Raises:
        TextError: a text cannot be read or is too small. ConfigError: a setting cannot work, or the model does not fit in
        memory. OutputError: the folder exists. CheckpointError: the teacher or the start cannot be loaded.
    """
    return Run.begin(
        corpus,
        folder,
        recipe_of(recipe, distillation_settings),
        heldout=heldout,
        vocabulary=vocabulary,
        pretokenized=pretokenized,
        text_field=text_field,
        max_steps=max_steps,
        storage=storage,
        start=start,
        mix=teacher_text,
        teacher=str(teacher),
        say=say,
    )
