"""ELMoForManyLangs folders (Che et al. 2018): `config.json`, `char.dic`, `word.dic`, two files of torch tensors.

Quirks that stay in this file:

- Words longer than `max_characters_per_token - 2` characters are cut before anything is looked up.
- Its config has a path of the machine that trained; it is looked for within the folder only.

`many_langs_lexicon.py` and `many_langs_tensors.py` describe its dictionaries and its tensors.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elmo.checkpoints.formats.checkpoint_format import CheckpointFormat, ModelLocation, lstm_of, parts_beside_the_bilm
from elmo.checkpoints.formats.many_langs_lexicon import (
    CHARACTERS_FILE,
    WORDS_FILE,
    lexicon_of,
    read_dictionary,
    write_dictionary,
)
from elmo.checkpoints.formats.many_langs_tensors import (
    BOUNDARIES,
    encoder_parameters,
    encoder_shapes,
    encoder_tensors,
    token_parameters,
    token_shapes,
    token_tensors,
)
from elmo.checkpoints.saved_model import ModelConfig, SavedModel, translated_settings
from elmo.checkpoints.tensors import check_tensors, copy_tensors
from elmo.checkpoints.torch_files import read_torch_file, write_torch_file
from elmo.errors import CheckpointError
from elmo.model.bilm import BiLM
from elmo.model.config import PUBLISHED_FILTERS, BiLMConfig
from elmo.model.shapes_only import shapes_only
from elmo.storage.atomic import atomic_write
from elmo.storage.json_files import require_json
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import SPECIALS

CONFIG_FILE = "config.json"
MODEL_CONFIG_FILE = "model_config.json"  # the name that is written; others are read
TOKEN_FILE = "token_embedder.pkl"
ENCODER_FILE = "encoder.pkl"
_IS_NEEDED = "it is the config of the model"
_ADVICE = "give the config that came with these files"
_NAMES = {
    "char_cnn.embedding_size": "char_dim",
    "char_cnn.max_characters": "max_characters_per_token",
    "char_cnn.activation": "activation",
    "char_cnn.n_highway": "n_highway",
    "char_cnn.filters": "filters",
    "word_embedding.size": "word_dim",
    "lstm.cell_size": "dim",
    "lstm.projection_size": "projection_dim",
    "lstm.n_layers": "n_layers",
    "lstm.cell_clip": "cell_clip",
    "lstm.projection_clip": "proj_clip",
}
# The package's configs/cnn_50_100_512_4096_sample.json, with which all published models were made.
_PUBLISHED = {
    "encoder": {
        "name": "elmo",
        "projection_dim": 512,
        "cell_clip": 3,
        "proj_clip": 3,
        "dim": 4096,
        "n_layers": 2,
    },
    "token_embedder": {
        "name": "cnn",
        "activation": "relu",
        "filters": [list(pair) for pair in PUBLISHED_FILTERS],
        "n_highway": 2,
        "word_dim": 100,
        "char_dim": 50,
        "max_characters_per_token": 50,
    },
}


def load_many_langs(folder: Path) -> SavedModel:
    """Load a model folder; its softmax was never published.

    Raises:
        CheckpointError: a file is missing, broken, or does not fit the others; all differing tensors in one message.
    """
    options, where = _read_options(folder)
    token = options["token_embedder"]
    words = read_dictionary(folder / WORDS_FILE) if token["word_dim"] else None
    characters = read_dictionary(folder / CHARACTERS_FILE) if token["char_dim"] else None
    lexicon = lexicon_of(words, characters, folder)
    config = _config_of(options, lexicon, where)
    theirs = read_torch_file(folder / TOKEN_FILE)
    check_tensors(token_shapes(config, words, characters, theirs), theirs, str(folder / TOKEN_FILE), _ADVICE)
    ours = dict(token_parameters(config, theirs, lexicon, words, characters))
    theirs = read_torch_file(folder / ENCODER_FILE)
    check_tensors(encoder_shapes(lstm_of(config)), theirs, str(folder / ENCODER_FILE), _ADVICE)
    ours |= dict(encoder_parameters(lstm_of(config), theirs))
    with shapes_only():
        bilm = BiLM(config)
    copy_tensors(bilm, ours)
    facts = {"program": "ELMoForManyLangs"}
    return SavedModel(ModelConfig(bilm=config, boundaries=BOUNDARIES, training=facts), bilm.eval(), lexicon=lexicon)


def save_many_langs(model: SavedModel, folder: Path) -> None:
    """Write a folder that ELMoForManyLangs reads, whole or not at all.

    Raises:
        CheckpointError: the format cannot hold this model.
    """
    _refuse(model, folder)
    config = model.bilm.config
    cnn, lstm, D = config.char_cnn, lstm_of(config), config.word_embedding.size if config.word_embedding else 0
    C = _max_characters(config)
    options = {
        "encoder": {
            "name": "elmo",
            "projection_dim": lstm.projection_size,
            "cell_clip": lstm.cell_clip,
            "proj_clip": lstm.projection_clip,
            "dim": lstm.cell_size,
            "n_layers": lstm.n_layers,
        },
        "token_embedder": {
            "name": "cnn",
            "activation": "relu" if cnn is None else cnn.activation,
            "filters": [list(pair) for pair in (PUBLISHED_FILTERS if cnn is None else cnn.filters)],
            "n_highway": 1 if cnn is None else cnn.n_highway,
            "word_dim": D,
            "char_dim": 0 if cnn is None else cnn.embedding_size,
            "max_characters_per_token": C,
        },
        "classifier": {"name": "sampled_softmax", "n_samples": 8192},
        "dropout": 0.1,
    }
    with atomic_write(folder) as part:
        part.mkdir()
        token, items, characters = token_tensors(model)
        if items:
            write_dictionary(items, part / WORDS_FILE)
        if characters:
            write_dictionary(characters, part / CHARACTERS_FILE)
        _write_json({"config_path": MODEL_CONFIG_FILE}, part / CONFIG_FILE)
        _write_json(options, part / MODEL_CONFIG_FILE)
        write_torch_file(token, part / TOKEN_FILE)
        write_torch_file(encoder_tensors(model), part / ENCODER_FILE)


def _max_characters(config: BiLMConfig) -> int:
    """The `max_characters_per_token` of a model: words of up to two characters fewer are read whole."""
    if config.char_cnn is not None:
        return config.char_cnn.max_characters
    return 10_000 if config.longest_word is None else config.longest_word + 2


def _left_out(model: SavedModel) -> list[str]:
    config, words = model.bilm.config, model.lexicon.input_words
    room = _max_characters(config) - 2
    n_long = 0
    if words is not None and config.longest_word is None:  # the format cuts every word, this model cuts none
        n_long = sum(len(word) > room for word in words.words)
    long = [f"vectors of {n_long:,} words longer than {room} characters"] if n_long else []
    return parts_beside_the_bilm(model) + long


def _refuse(model: SavedModel, folder: Path) -> None:
    config = model.bilm.config
    try:
        lstm = lstm_of(config)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}; convert it with --to native") from None
    reasons = []
    if config.char_cnn is not None and config.alphabet_size is None:
        reasons.append("reads words in an alphabet of characters, the model reads UTF-8 bytes")
    if config.char_cnn is not None and not config.char_cnn.projected:
        reasons.append("projects the characters, the model does not")
    if not lstm.skip_connections:
        reasons.append("adds the input of a layer to its output, the model does not")
    if not lstm.projected:
        reasons.append("projects the cell's output, the model does not")
    if lstm.cell_clip is None or lstm.projection_clip is None:
        reasons.append("clips cell and projection, the model does not")
    if config.char_cnn is not None and config.longest_word not in (None, config.char_cnn.max_characters - 2):
        reasons.append(
            f"cuts words to {config.char_cnn.max_characters - 2} characters, the model to {config.longest_word}"
        )
    if config.folds_case:
        reasons.append("looks words up as they are, the model looks some up in small letters")
    if reasons:
        raise CheckpointError(f"{folder}: this format {'; '.join(reasons)}; convert it with --to native")


def _read_options(folder: Path) -> tuple[dict[str, Any], Path]:
    """The model's config and its file: the one that `config.json` names, one beside it, or the published one."""
    first = folder / CONFIG_FILE
    options: Any = None
    path = first
    if first.is_file():
        options = require_json(first, _IS_NEEDED, CheckpointError)
        named = options.get("config_path") if isinstance(options, dict) else None
        if isinstance(named, str):
            path = _beside(folder, named)
            options = require_json(path, _IS_NEEDED, CheckpointError) if path.is_file() else _PUBLISHED
    else:
        options = _PUBLISHED
    try:
        token, encoder = dict(options["token_embedder"]), dict(options["encoder"])
        names = (str(token["name"]), str(encoder["name"]))
        if [name.lower() for name in names] != ["cnn", "elmo"]:
            raise CheckpointError(
                f"{path}: token embedder {names[0]!r} and encoder {names[1]!r}; ELMo models have 'cnn' and 'elmo'"
            )
        for key, file in (("word_dim", WORDS_FILE), ("char_dim", CHARACTERS_FILE)):
            if options is _PUBLISHED and not (folder / file).is_file():
                token[key] = 0
            if not isinstance(token.get(key, 0), int):
                raise CheckpointError(f"{path}: {key} is {token[key]!r:.80}, expected a whole number")
            token[key] = token.get(key, 0)
        token.setdefault("max_characters_per_token", None)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CheckpointError(
            f"{path}: contains no 'token_embedder' and 'encoder' with their names; expected the config of ELMoForManyLangs"
        ) from None
    return {"token_embedder": token, "encoder": encoder}, path


def _beside(folder: Path, named: str) -> Path:
    """The path of a config within the folder: the given path if it exists there, else its file name."""
    parts = [part for part in re.split(r"[/\\]", named.replace("\0", "")) if part]
    inside = not named.startswith(("/", "\\")) and ".." not in parts and ":" not in named
    try:
        if inside and folder.joinpath(*parts).is_file():
            return folder.joinpath(*parts)
    except OSError:  # a name that no file can have
        pass
    return folder / parts[-1][:200] if parts and parts[-1] != ".." else folder / MODEL_CONFIG_FILE


def _config_of(options: Mapping[str, Any], lexicon: Lexicon, where: Path) -> BiLMConfig:
    token, encoder = options["token_embedder"], options["encoder"]
    alphabet, words = lexicon
    with translated_settings(where, "the config of ELMoForManyLangs", _NAMES):
        C = token["max_characters_per_token"]
        settings: dict[str, Any] = {
            "char_cnn": None,
            "lstm": {
                "n_layers": encoder["n_layers"],
                "cell_size": encoder["dim"],
                "projection_size": encoder["projection_dim"],
                "cell_clip": encoder["cell_clip"],
                "projection_clip": encoder["proj_clip"],
                "forget_bias": 0.0,
            },
        }
        if alphabet is not None:
            settings["char_cnn"] = {
                "alphabet_size": len(alphabet),
                "embedding_size": token["char_dim"],
                "filters": token["filters"],
                "activation": token["activation"],
                "n_highway": token["n_highway"],
                "max_characters": C,
            }
        if words is not None:
            settings["word_embedding"] = {
                "size": token["word_dim"],
                "n_words": len(words) - len(SPECIALS),
                "longest_word": None if C is None else C - 2,
            }
        return BiLMConfig.model_validate(settings)


def _write_json(value: Any, path: Path) -> None:
    path.write_text(json.dumps(value) + "\n", encoding="utf-8")


def _find(folder: Path) -> ModelLocation | None:
    there = (folder / ENCODER_FILE).is_file() or (folder / TOKEN_FILE).is_file()
    return ModelLocation(MANY_LANGS, folder) if there else None


MANY_LANGS = CheckpointFormat(
    name="elmoformanylangs",
    looked_for=f"{ENCODER_FILE} with {TOKEN_FILE}",
    marker=ENCODER_FILE,
    patterns=(CONFIG_FILE, MODEL_CONFIG_FILE, "*.dic", ENCODER_FILE, TOKEN_FILE),
    find=_find,
    load=lambda location, _: load_many_langs(location.folder),
    save=save_many_langs,
    left_out=_left_out,
)
