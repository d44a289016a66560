"""Begin a run that adapts a model to new text, from Python or from the command line."""

from collections.abc import Callable, Iterable
from pathlib import Path

from elmo.checkpoints.formats.native import StorageType
from elmo.text.sentence_inputs import Sentence
from elmo.train.adaptation.adapted_recipe import adaptation_settings
from elmo.train.recipe import Recipe, recipe_of
from elmo.train.runs.run import Run


def adapt(
    model: str | Path,
    corpus: str | Path | Iterable[Path] | Iterable[Sentence],
    folder: str | Path,
    recipe: Recipe | None = None,
    *,
    mix: str | Path | Iterable[Path] | Iterable[Sentence] | None = None,
    heldout: str | Path | Iterable[Sentence] | None = None,
    vocabulary: str | Path | None = None,
    pretokenized: bool = False,
    text_field: str | None = None,
    max_steps: int | None = None,
    storage: StorageType = "float32",
    say: Callable[[str], None] = lambda line: None,
) -> Run:
    """Begin a run that continues a model on new text; its `train` does the work, and `Run.resume` opens it again.

    The model may be of any format. If its softmax was never published, a new one is learned first.

    Args:
        model: folder or name. corpus, folder, heldout, pretokenized, text_field, max_steps, storage, say: see `Run.begin`.
        recipe: as for `Run.begin`, over the defaults of an adaptation (`adapted_recipe.py`); `adaptation.mix` and so on are
            in `settings.py` beside it. A `PretrainConfig` is taken as it is, and has to have an `adaptation`.
        mix: old text that is mixed in, so that the model does not forget it, as `corpus`.
        vocabulary: a file, one word a line, of a new softmax; None: the most frequent words of the text.
    Raises:
        TextError: a text cannot be read or is too small. ConfigError: a setting cannot work, or the model does not fit in
        memory. OutputError: the folder exists. CheckpointError: the model cannot be loaded.
    """
    return Run.begin(
        corpus,
        folder,
        recipe_of(recipe, adaptation_settings),
        heldout=heldout,
        vocabulary=vocabulary,
        pretokenized=pretokenized,
        text_field=text_field,
        max_steps=max_steps,
        storage=storage,
        start=str(model),
        mix=mix,
        say=say,
    )
