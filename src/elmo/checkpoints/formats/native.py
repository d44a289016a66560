"""Our model folder: `config.json`, `model.safetensors`, `vocabulary.txt`, the lexicon, `README.md` (the card).

Tensors keep the published values: the LSTM bias without the forget bias, gates in the order i, j, f, o. Names are those of
the modules: `bilm.char_cnn...`, `bilm.forward_lm.layers.0...`, `softmax...`, and `warm...` for the settled start state. A softmax
is `softmax.weight` and `softmax.bias`; an adaptive one `softmax.head...` and, cluster by cluster, `softmax.clusters.0...`.
float16 storage halves the file. int8 storage quarters it: a weight NAME is bytes, and row r of it is bytes times NAME.scale[r];
vectors and the start state stay float32. A model is always loaded to float32; what is stored so is mapped from the file, not
copied, and read when it is first used.
"""

import os
from pathlib import Path
from typing import Literal, get_args

import torch
from pydantic import ValidationError
from torch import Tensor

from elmo.checkpoints.formats.checkpoint_format import CheckpointFormat, ModelLocation
from elmo.checkpoints.other_folders import sharded_weights, what_else
from elmo.checkpoints.saved_model import ModelConfig, SavedModel, check_lexicon
from elmo.checkpoints.tensors import (
    adopt_tensors,
    all_finite,
    as_bytes,
    check_tensors,
    from_bytes,
    read_tensors,
    write_tensors,
)
from elmo.errors import CheckpointError, ConfigError, OutputError, TextError, setting_name
from elmo.model.bilm import BiLM
from elmo.model.output.adaptive_softmax import output_layer
from elmo.model.shapes_only import shapes_only
from elmo.storage.atomic import atomic_write, sync_folder, sync_to_disk, temporary_room
from elmo.storage.json_files import require_json
from elmo.text.words.lexicon import ALPHABET_FILE, INPUT_WORDS_FILE, Lexicon, read_lexicon, write_lexicon
from elmo.text.words.vocabulary import Vocabulary, read_vocabulary, write_vocabulary

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
VOCABULARY_FILE = "vocabulary.txt"
CARD_FILE = "README.md"
MOST_FAULTS = 5  # of a config that are named
_WARM = "warm."  # then `forward.hidden` and so on

StorageType = Literal["float32", "float16", "int8"]


def write_model_files(model: SavedModel, folder: Path, storage: StorageType = "float32") -> None:
    """Write the files of a model into an existing folder that is being made (see `save_native`)."""
    if storage not in get_args(StorageType):
        raise ConfigError(f"storage {storage!r}; there are {', '.join(get_args(StorageType))}")
    tensors: dict[str, Tensor] = {f"bilm.{name}": p for name, p in model.bilm.named_parameters()}
    if model.softmax is not None:
        tensors |= {f"softmax.{name}": p for name, p in model.softmax.named_parameters()}
    tensors = {name: t.detach() for name, t in tensors.items()}
    stored = as_bytes(tensors) if storage == "int8" else tensors
    if model.warm is not None:
        stored |= {_WARM + name: t for name, t in model.warm.named_tensors().items()}
    if storage == "float16":
        stored = {name: t.half() for name, t in stored.items()}
    overflown = [name for name, t in stored.items() if not all_finite(t)]
    if overflown:
        raise CheckpointError(
            f"{folder}: {', '.join(overflown)} cannot be stored as {storage}: the numbers are too large"
        )
    (folder / CONFIG_FILE).write_text(model.config.model_dump_json(indent=2) + "\n", encoding="utf-8")
    write_tensors(stored, folder / WEIGHTS_FILE)
    if model.vocabulary is not None:
        write_vocabulary(model.vocabulary, folder / VOCABULARY_FILE)
    write_lexicon(model.lexicon, folder)
    if model.card is not None:
        (folder / CARD_FILE).write_text(model.card, encoding="utf-8")


def save_native(model: SavedModel, folder: Path, storage: StorageType = "float32") -> None:
    """Write a model folder, whole or not at all; a folder of that name is replaced."""
    with atomic_write(folder) as part:
        part.mkdir()
        write_model_files(model, part, storage)


def add_model_files(model: SavedModel, folder: Path, storage: StorageType = "float32") -> None:
    """Write the files of a model into a folder with other files; the config comes last, each file whole.

    Raises:
        OutputError: the disk is full or fails.
    """
    try:
        with temporary_room(folder) as room:
            write_model_files(model, room, storage)
            sync_to_disk(room)
            for name in (VOCABULARY_FILE, ALPHABET_FILE, INPUT_WORDS_FILE, CARD_FILE, WEIGHTS_FILE, CONFIG_FILE):
                if (room / name).exists():
                    os.replace(room / name, folder / name)
            sync_folder(folder)
    except OSError as error:
        raise OutputError(f"{folder}: the model cannot be written ({error.strerror or error})") from error


def read_model_config(folder: Path) -> ModelConfig:
    """Read `config.json` of a model folder.

    Raises:
        CheckpointError: it is missing, is not JSON, or has settings that cannot work.
    """
    path = folder / CONFIG_FILE
    settings = require_json(path, f"a model folder holds {CONFIG_FILE} and {WEIGHTS_FILE}", CheckpointError)
    try:
        return ModelConfig.model_validate(settings)
    except ValidationError as error:
        if other := what_else(folder, settings):
            raise CheckpointError(other) from None
        faults = [f"{setting_name(e['loc'])}: {e['msg']} (got {e['input']!r:.80})" for e in error.errors()]
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise CheckpointError(f"{path}: {'; '.join(faults[:MOST_FAULTS])}{more}") from error


def load_native(folder: Path) -> SavedModel:
    """Load a model folder.

    Raises:
        CheckpointError: files are missing or broken, or tensors do not fit the config.
    """
    config = read_model_config(folder)
    lexicon = _read_lexicon_beside(folder, config)
    if not (folder / WEIGHTS_FILE).is_file() and (why := sharded_weights(folder)):
        raise CheckpointError(why)
    tensors = from_bytes(read_tensors(folder / WEIGHTS_FILE))
    advice = f"give the {CONFIG_FILE} that came with these weights"
    where = str(folder / WEIGHTS_FILE)
    with shapes_only():  # no memory before the tensors are known to fit
        bilm = BiLM(config.bilm)
        n_words, cutoffs = config.n_words, config.adaptive_cutoffs
        softmax = None if n_words is None else output_layer(n_words, config.bilm.projection_size, cutoffs)
    whole = torch.nn.ModuleDict({"bilm": bilm} if softmax is None else {"bilm": bilm, "softmax": softmax})
    start = bilm.start_state(1)  # shapes alone, as its weights
    warm_shapes = {_WARM + name: tuple(t.shape) for name, t in start.named_tensors().items() if config.warm_state}
    shapes = {name: tuple(p.shape) for name, p in whole.named_parameters()}
    check_tensors({**shapes, **warm_shapes}, tensors, where, advice)
    warm = None
    if config.warm_state:
        warm = start.with_tensors({name: tensors.pop(_WARM + name).float() for name in start.named_tensors()})
    adopt_tensors(whole, tensors)
    vocabulary = _read_vocabulary_beside(folder, config)
    card = folder / CARD_FILE
    return SavedModel(
        config,
        bilm.eval(),
        softmax,
        vocabulary,
        warm,
        card.read_text(encoding="utf-8", errors="replace") if card.is_file() else None,
        lexicon,
    )


def _read_lexicon_beside(folder: Path, config: ModelConfig) -> Lexicon:
    sizes = config.bilm.alphabet_size, config.bilm.n_input_words
    try:
        lexicon = read_lexicon(folder, *(size is not None for size in sizes))
    except TextError as error:
        raise CheckpointError(str(error)) from error
    check_lexicon(lexicon, config.bilm, str(folder))
    return lexicon


def _read_vocabulary_beside(folder: Path, config: ModelConfig) -> Vocabulary | None:
    path = folder / VOCABULARY_FILE
    if not path.is_file():
        if config.n_words is not None:
            raise CheckpointError(f"{path.absolute()}: no such file; the softmax of this model needs its vocabulary")
        return None
    try:
        vocabulary = read_vocabulary(path)
    except TextError as error:
        raise CheckpointError(str(error)) from error
    if config.n_words is not None and len(vocabulary) != config.n_words:
        raise CheckpointError(
            f"{path}: {len(vocabulary)} words, the softmax has {config.n_words}; give the vocabulary of these weights"
        )
    return vocabulary


def _find(folder: Path) -> ModelLocation | None:
    return ModelLocation(NATIVE, folder) if (folder / CONFIG_FILE).is_file() else None


NATIVE = CheckpointFormat(
    name="native",
    looked_for=f"{CONFIG_FILE} with {WEIGHTS_FILE}",
    marker=CONFIG_FILE,
    patterns=(CONFIG_FILE, WEIGHTS_FILE, VOCABULARY_FILE, ALPHABET_FILE, INPUT_WORDS_FILE, CARD_FILE),
    find=_find,
    load=lambda location, _: load_native(location.folder),
    save=save_native,
)
