"""A run that starts from the weights of a model instead of random weights (`elmo pretrain --start MODEL`)."""

from dataclasses import replace
from pathlib import Path

from elmo.checkpoints.formats.native import load_native, save_native
from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import PRETOKENIZED, ModelConfig, SavedModel
from elmo.errors import ConfigError
from elmo.model.output.adaptive_softmax import AdaptiveSoftmax
from elmo.train.config import PretrainConfig

START_FOLDER = "start"  # in the folder of a run: its initial model


def read_start(source: str, recipe: PretrainConfig, pretokenized: bool) -> tuple[SavedModel, PretrainConfig]:
    """Load the initial model; return it and the recipe with its layers.

    Args:
        source: folder, file, or name of a model in the package.
    Returns:
        the model, without softmax if it had none and the recipe adapts it; and the recipe.
    Raises:
        CheckpointError: it cannot be loaded.
        ConfigError: it has no softmax, or another kind than the recipe; the recipe has other layers; its text was tokenized
            differently.
    """
    model = load_model(source)
    if model.softmax is None or model.vocabulary is None:
        if recipe.adaptation is None:
            raise ConfigError(
                f"{source} has no softmax to train; `elmo adapt` learns a new one first, or start from a model trained by "
                "`elmo pretrain`"
            )
        if recipe.distillation == 1:
            raise ConfigError(
                f"{source} has no softmax, and distillation = 1 trains none; use distillation below 1 or leave it out"
            )
        model = replace(model, softmax=None, vocabulary=None, config=model.config.model_copy(update={"n_words": None}))
    if "bilm" in recipe.model_fields_set and recipe.bilm != model.config.bilm:
        raise ConfigError(
            f"the layers of the recipe differ from those of {source}, which are fixed; leave out --size and the settings of bilm"
        )
    encoder = model.config.bilm.encoder
    if recipe.dropout.recurrent > 0 and not encoder.has_recurrent_weights:
        raise ConfigError(
            f"dropout.recurrent: {encoder.kind}, the encoder of {source}, has no recurrent weights; leave it out"
        )
    adaptive = isinstance(model.softmax, AdaptiveSoftmax)
    if adaptive and recipe.adaptation is not None and "softmax" not in recipe.model_fields_set:
        recipe = recipe.model_copy(update={"softmax": "adaptive"})
    if model.softmax is not None and (recipe.softmax == "adaptive") != adaptive:
        has = "an adaptive softmax" if adaptive else "a softmax with one row per word"
        raise ConfigError(f"{source} has {has}, but the recipe has softmax = {recipe.softmax}; use the same kind")
    if model.config.tokenizer is not None and (model.config.tokenizer == PRETOKENIZED) != pretokenized:
        cut = "with --pretokenized" if not pretokenized else "on raw text"
        raise ConfigError(f"{source} was trained {cut}; give text that is tokenized in the same way")
    own = model.tokenizer.version
    fixed = (
        model.config.tokenizer is not None and recipe.teacher is None
    )  # a student learns from text cut in another way
    if fixed and not pretokenized and recipe.tokenizer not in (None, own):
        raise ConfigError(
            f"{source} was trained on text cut by version {own} of the tokenizer, the recipe has tokenizer = "
            f"{recipe.tokenizer}; leave it out"
        )
    return model, recipe.model_copy(update={"bilm": model.config.bilm})


def keep_start(model: SavedModel, run: Path) -> None:
    """Copy the model into the folder of a run, so that the run needs no other file."""
    save_native(replace(model, card=None), run / START_FOLDER)


def load_start(run: Path, config: ModelConfig) -> SavedModel:
    """The initial model of a run, with the facts of the run; without softmax if it had none.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    kept = load_native(run / START_FOLDER)
    return replace(kept, config=config.model_copy(update={"boundaries": kept.config.boundaries}), warm=None)
