"""The published pair `options.json` + `weights.hdf5` (bilm-tf, AllenNLP, NLPL, SeqVec), read and written.

A quirk that stays in this file: `n_characters` is 261 in the options of training and 262 in those of inference; both are
read, 262 is written. The arrays are those of `hdf5_layout.py`.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5py

from elmo.checkpoints.formats.checkpoint_format import (
    MAC_PREFIX,
    CheckpointFormat,
    ModelLocation,
    lstm_of,
    parts_beside_the_bilm,
)
from elmo.checkpoints.formats.hdf5_layout import ADVICE, StoredArray, byte_cnn, datasets, read_bilm
from elmo.checkpoints.hdf5 import reading_hdf5, writing_hdf5
from elmo.checkpoints.saved_model import ModelConfig, SavedModel, translated_settings
from elmo.errors import CheckpointError, TextError
from elmo.model.config import BiLMConfig
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.storage.atomic import atomic_write
from elmo.storage.json_files import require_json
from elmo.text.words.characters import BOUNDARIES, N_CHARACTERS
from elmo.text.words.vocabulary import SPECIALS, Vocabulary, read_vocabulary, write_vocabulary

OPTIONS_FILE = "options.json"
WEIGHTS_FILE = "weights.hdf5"
VOCABULARY_FILE = "vocabulary.txt"
VOCABULARY_NAMES = (VOCABULARY_FILE, "vocab.txt")  # the second: NLPL, simple_elmo
MAX_CHARACTERS = 50  # where the options do not say: that of bilm-tf's recipe and of every published model
_ANY_OPTIONS = "*options*.json"
MAX_RATIO = 100  # bytes out of one byte of a packed dataset
_NAMES = {"char_cnn.activation": "activation", "lstm.cell_size": "dim", "lstm.projection_size": "projection_dim"}


def load_allennlp(options: Path, weights: Path, vocabulary: Path | None = None) -> SavedModel:
    """Load a published model, with the vocabulary beside its options if that is one of a language model.

    Args:
        vocabulary: the file to take instead.
    Raises:
        CheckpointError: a file is missing, broken, or does not fit the other; all differing arrays in one message.
    """
    stored = read_options(options)
    if not isinstance(stored.get("char_cnn"), dict):
        raise CheckpointError(
            f"{options}: contains no 'char_cnn'; give the TensorFlow checkpoint of a model with word input, not its HDF5 dump"
        )
    with reading_hdf5(weights, "the options have no weights beside them") as file:
        config = config_of(stored, options, lambda name: _own_dataset(file, name) is not None)
        bilm = read_bilm(config, datasets(config), lambda name: _stored(file, name), str(weights))
        _refuse_unmentioned(file, {each.name for each in datasets(config)}, weights)
    words = vocabulary_beside([options.parent]) if vocabulary is None else read_vocabulary(vocabulary)
    return SavedModel(ModelConfig(bilm=config), bilm, vocabulary=words)


def vocabulary_beside(folders: Iterable[Path], n_words: int | None = None) -> Vocabulary | None:
    """The vocabulary of a language model in one of the folders; with `n_words`, only one with so many words."""
    for path in (folder / name for folder in folders for name in VOCABULARY_NAMES):
        try:
            found = read_vocabulary(path) if path.is_file() else None
        except (TextError, OSError):  # without <UNK>, say: for embedding it was no more than a list of words to cache
            continue
        if found is not None and n_words in (None, len(found)):
            return found
    return None


def save_allennlp(model: SavedModel, folder: Path) -> None:
    """Write `options.json` and `weights.hdf5`, whole or not at all; this format cannot hold the softmax.

    Raises:
        CheckpointError: the format cannot hold this model.
    """
    try:
        lstm, cnn = lstm_of(model.bilm.config), byte_cnn(model.bilm.config)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}; convert it with --to native") from None
    if model.config.boundaries != BOUNDARIES:
        raise CheckpointError(
            f"{folder}: this format has the boundaries <S> and </S>, the model has {', '.join(model.config.boundaries)}; "
            "convert it with --to native"
        )
    if lstm.forget_bias != 1.0:
        raise CheckpointError(
            f"{folder}: this format has a forget bias of 1, the model has {lstm.forget_bias}; convert it with --to native"
        )
    options = {
        "lstm": {
            "use_skip_connections": lstm.skip_connections,
            "projection_dim": lstm.projection_size,
            "cell_clip": lstm.cell_clip,
            "proj_clip": lstm.projection_clip,
            "dim": lstm.cell_size,
            "n_layers": lstm.n_layers,
        },
        "char_cnn": {
            "activation": cnn.activation,
            "filters": cnn.filters,
            "n_highway": cnn.n_highway,
            "embedding": {"dim": cnn.embedding_size},
            "n_characters": N_CHARACTERS,
            "max_characters_per_token": cnn.max_characters,
        },
    }
    parameters = {name: p.detach().cpu() for name, p in model.bilm.named_parameters()}
    with atomic_write(folder) as part:
        part.mkdir()
        (part / OPTIONS_FILE).write_text(json.dumps(options, indent=1) + "\n", encoding="utf-8")
        with writing_hdf5(part / WEIGHTS_FILE) as write:
            for dataset in datasets(model.bilm.config):
                write(dataset.name, dataset.from_parameters(parameters).numpy())
        if model.vocabulary is not None:
            write_vocabulary(model.vocabulary, part / VOCABULARY_FILE)


def refused_by_allennlp(model: SavedModel) -> str:
    """The reason why AllenNLP cannot load a model that bilm-tf can load; "" if it can."""
    config = model.bilm.config
    if not isinstance(config.encoder, LSTMConfig):
        return ""  # `save_allennlp` refuses it
    reasons = {
        "it has no skip connections": not config.encoder.skip_connections,
        "it has no highway layer": config.char_cnn is not None and config.char_cnn.n_highway == 0,
        "it has no projection": not config.encoder.projected
        or (config.char_cnn is not None and not config.char_cnn.projected),
        "its words are not of 50 characters": config.max_characters != 50,
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)


def read_options(path: Path) -> dict[str, Any]:
    """Read `options.json`.

    Raises:
        CheckpointError: it is missing or is none.
    """
    options = require_json(path, "published weights need their options", CheckpointError)
    if not isinstance(options, dict) or not isinstance(options.get("lstm"), dict):
        raise CheckpointError(f"{path}: contains no 'lstm'; expected the options of bilm-tf or AllenNLP")
    return options


def config_of(options: dict[str, Any], path: Path, has: Callable[[str], bool]) -> BiLMConfig:
    """The config of the options; with word input, `char_cnn` is None and the vocabulary is still missing.

    Args:
        has: whether there is an array of that name, where the options leave it open.
    Raises:
        CheckpointError: options are missing or cannot work.
    """
    lstm, cnn = options["lstm"], options.get("char_cnn")
    if cnn is not None and not isinstance(cnn, dict):
        raise CheckpointError(f"{path}: 'char_cnn' is {cnn!r:.80}, expected an object")
    with translated_settings(path, "the options of bilm-tf or AllenNLP", _NAMES):
        projection = lstm["projection_dim"]
        settings: dict[str, Any] = {
            "char_cnn": None,
            "lstm": {
                "n_layers": lstm["n_layers"],
                "cell_size": lstm["dim"],
                "projection_size": projection,
                "cell_clip": lstm.get("cell_clip"),
                "projection_clip": lstm.get("proj_clip"),
                "skip_connections": _truth(lstm.get("use_skip_connections", False), "use_skip_connections"),
                "projected": projection != lstm["dim"] or has("RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_P_0"),
            },
        }
        if cnn is None:
            settings["word_embedding"] = {"size": projection, "n_words": options["n_tokens_vocab"] - len(SPECIALS)}
        else:
            n_characters = cnn.get("n_characters", N_CHARACTERS)
            if n_characters not in (N_CHARACTERS - 1, N_CHARACTERS):
                raise ValueError(f"n_characters is {n_characters!r}, expected 261 (training) or 262 (inference)")
            settings["char_cnn"] = {
                "embedding_size": cnn["embedding"]["dim"],
                "filters": cnn["filters"],
                "activation": cnn["activation"],
                "n_highway": cnn.get("n_highway") or 0,
                "max_characters": cnn.get("max_characters_per_token", MAX_CHARACTERS),
                "projected": sum(number for _, number in cnn["filters"]) != projection or has("CNN_proj/W_proj"),
            }
        return BiLMConfig.model_validate(settings)


def _stored(file: h5py.File, name: str) -> StoredArray | None:
    found = _own_dataset(file, name)
    if found is None:
        return None
    return StoredArray(found.shape, str(found.dtype), found.dtype.kind == "f", lambda: found[()])


def _truth(value: object, name: str) -> bool:
    """A setting that is true or false; the text "False" would count as true."""
    if value is None or value in (True, False):
        return bool(value)
    raise ValueError(f"{name} is {value!r:.40}, expected true or false")


def _refuse_unmentioned(file: h5py.File, mentioned: set[str], path: Path) -> None:
    """Refuse arrays that the options do not mention: without them the vectors would be wrong.

    Raises:
        CheckpointError: there are some; their names are in the message.
    """
    there: list[str] = []
    file.visititems(lambda name, item: there.append(name) if isinstance(item, h5py.Dataset) else None)
    more = sorted(set(there) - mentioned)
    if more:
        names = ", ".join(map(repr, more[:6])) + (f" and {len(more) - 6} more" if len(more) > 6 else "")
        raise CheckpointError(f"{path}: the options do not mention {names}; {ADVICE}")


def _own_dataset(file: h5py.File, name: str) -> h5py.Dataset | None:
    """The dataset if its bytes are in this file: links to other files are not followed."""
    item = file
    for part in name.split("/"):
        if not isinstance(item, h5py.Group) or not isinstance(item.get(part, getlink=True), h5py.HardLink):
            return None
        item = item[part]
    if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external:
        return None
    if item.id.get_storage_size() * MAX_RATIO < item.nbytes:  # never written, or packed to next to nothing
        return None
    return item


def _find(folder: Path) -> ModelLocation | None:
    options = _options_in(folder)
    return None if options is None else ModelLocation(ALLENNLP, folder, options, _weights_for(options))


def _find_by_file(file: Path) -> ModelLocation | None:
    if file.suffix == ".json" and "options" in file.name:
        return ModelLocation(ALLENNLP, file.parent, file, _weights_for(file))
    if file.suffix not in (".hdf5", ".h5"):
        return None
    of_that_name = file.with_name(file.name.replace("weights", "options")).with_suffix(".json")
    options = of_that_name if of_that_name.is_file() else _options_in(file.parent)
    if options is None:
        raise CheckpointError(
            f"{file}: there is no {OPTIONS_FILE} beside these weights; give the options file, and these as weights="
        )
    return ModelLocation(ALLENNLP, file.parent, options, file)


def _find_pair(source: Path, weights: Path) -> ModelLocation:
    options = _options_in(source) if source.is_dir() else source
    if options is None:
        raise CheckpointError(f"{source}: contains no {OPTIONS_FILE} for the weights {weights}")
    return ModelLocation(ALLENNLP, options.parent, options, weights)


def _several_models(folder: Path) -> str:
    several = sorted(path.name for path in folder.glob(_ANY_OPTIONS) if not path.name.startswith(MAC_PREFIX))
    if len(several) < 2:
        return ""
    return f"{folder}: which model? {', '.join(several)}; give one of these files instead of the folder"


def _options_in(folder: Path) -> Path | None:
    """`options.json`, or the only file with `options` in its name."""
    usual = folder / OPTIONS_FILE
    named = sorted(path for path in folder.glob(_ANY_OPTIONS) if not path.name.startswith(MAC_PREFIX))
    if usual.is_file():
        return usual
    return named[0] if len(named) == 1 and named[0].is_file() else None


def _weights_for(options: Path) -> Path:
    """The weights beside a file of options: those with its name, else `weights.hdf5`, `model.hdf5`, or the only file."""
    folder = options.parent
    candidates = sorted(path for path in folder.glob("*.hdf5") if not path.name.startswith(MAC_PREFIX))
    own = options.name.replace("options", "weights").removesuffix(".json") + ".hdf5"
    by: list[Callable[[str], bool]] = [
        lambda name: name == own,
        lambda name: name in (WEIGHTS_FILE, "model.hdf5"),
        lambda name: "weights" in name,
        lambda name: True,
    ]
    for fits in by:
        fitting = [path for path in candidates if fits(path.name)]
        if len(fitting) == 1:
            return fitting[0]
    if not candidates:
        raise CheckpointError(
            f"{folder.absolute()}: {options.name} but no weights; looked for {WEIGHTS_FILE} and *.hdf5"
        )
    names = ", ".join(p.name for p in candidates)
    raise CheckpointError(f"{folder}: which file holds the weights? {names}; name it {WEIGHTS_FILE}")


def _load(location: ModelLocation, vocabulary: Path | None) -> SavedModel:
    if location.options is None or location.weights is None:
        raise CheckpointError(f"{location.folder}: a model of this format is a pair of files; give both")
    return load_allennlp(location.options, location.weights, vocabulary)


def _note(model: SavedModel) -> str:
    why = refused_by_allennlp(model)
    return f"bilm-tf reads this, AllenNLP does not: {why}" if why else ""


ALLENNLP = CheckpointFormat(
    name="allennlp",
    looked_for=f"{OPTIONS_FILE} with *.hdf5",
    marker=OPTIONS_FILE,
    patterns=(_ANY_OPTIONS, "*.hdf5", *VOCABULARY_NAMES),
    find=_find,
    load=_load,
    takes_vocabulary=True,
    save=save_allennlp,
    left_out=lambda model: [part for part in parts_beside_the_bilm(model) if part != "vocabulary"],
    note=_note,
    find_by_file=_find_by_file,
    find_pair=_find_pair,
    why_not=_several_models,
)
