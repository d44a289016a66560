"""The published pair `options.json` + `weights.hdf5` (bilm-tf, AllenNLP, NLPL, SeqVec), read and written.

Quirks of the format that stay in this file: `char_embed` has 261 rows where the model has 262 (row 0, a padding token, is
all zero and not stored), so that `n_characters` is 261 in the options of training and 262 in those of inference; both are
read, 262 is written. Matrices are stored input units first. The LSTM kernel holds the rows of x, then those of h.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from elmo.checkpoints.hdf5 import reading_hdf5, writing_hdf5
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.checkpoints.tensors import fill_module, report_faults
from elmo.errors import CheckpointError, TextError
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig, CharCNNConfig
from elmo.text.characters import N_CHARACTERS
from elmo.text.files import read_json, written_whole
from elmo.text.vocabulary import Vocabulary, read_vocabulary, write_vocabulary

OPTIONS_FILE = "options.json"
WEIGHTS_FILE = "weights.hdf5"
VOCABULARY_FILE = "vocabulary.txt"
_ADVICE = "give the options.json that came with these weights"


class Dataset(NamedTuple):
    """One array of the file and the parameters it holds."""

    name: str
    shape: tuple[int, ...]
    to_parameters: Callable[[Tensor], dict[str, Tensor]]
    from_parameters: Callable[[Mapping[str, Tensor]], Tensor]


def datasets(config: BiLMConfig) -> Iterator[Dataset]:
    """All arrays that a model of this config has in the file."""
    cnn, lstm = _byte_cnn(config), config.lstm
    F, P, H = cnn.n_filters, lstm.projection_size, lstm.cell_size
    yield Dataset(
        "char_embed",
        (N_CHARACTERS - 1, cnn.embedding_size),
        lambda t: {"char_cnn.embedding.weight": torch.cat([t.new_zeros(1, t.shape[1]), t])},
        lambda p: p["char_cnn.embedding.weight"][1:],
    )
    for i, (width, number) in enumerate(cnn.filters):
        shape = (1, width, cnn.embedding_size, number)
        yield _permuted(
            f"CNN/W_cnn_{i}",
            shape,
            f"char_cnn.conv_weights.{i}",
            lambda t: t[0].permute(2, 0, 1),
            lambda t: t.permute(1, 2, 0)[None],
        )
        yield _same(f"CNN/b_cnn_{i}", (number,), f"char_cnn.conv_biases.{i}")
    for i in range(cnn.n_highway):
        for gate in ("carry", "transform"):
            yield _transposed(f"CNN_high_{i}/W_{gate}", (F, F), f"char_cnn.highways.{i}.{gate}.weight")
            yield _same(f"CNN_high_{i}/b_{gate}", (F,), f"char_cnn.highways.{i}.{gate}.bias")
    if cnn.projected:
        yield _transposed("CNN_proj/W_proj", (F, P), "char_cnn.projection.weight")
        yield _same("CNN_proj/b_proj", (P,), "char_cnn.projection.bias")
    for number, direction in enumerate(("forward_lm", "backward_lm")):
        for i in range(lstm.n_layers):
            cell, layer = f"RNN_{number}/RNN/MultiRNNCell/Cell{i}/LSTMCell", f"{direction}.layers.{i}"
            yield _kernel(f"{cell}/W_0", P, H, layer)
            yield _same(f"{cell}/B", (4 * H,), f"{layer}.bias")
            if lstm.projected:
                yield _transposed(f"{cell}/W_P_0", (H, P), f"{layer}.projection")


def _byte_cnn(config: BiLMConfig) -> CharCNNConfig:
    """The one input layer that the format knows."""
    if config.char_cnn is None or config.alphabet_size is not None or config.word_embedding is not None:
        own = (
            "word vectors" if config.word_embedding is not None else f"an alphabet of {config.alphabet_size} characters"
        )
        raise CheckpointError(f"this format means words spelled as UTF-8 bytes, the model reads {own}")
    return config.char_cnn


def _same(name: str, shape: tuple[int, ...], parameter: str) -> Dataset:
    return _permuted(name, shape, parameter, lambda t: t, lambda t: t)


def _transposed(name: str, shape: tuple[int, ...], parameter: str) -> Dataset:
    return _permuted(name, shape, parameter, lambda t: t.t(), lambda t: t.t())


def _permuted(
    name: str,
    shape: tuple[int, ...],
    parameter: str,
    read: Callable[[Tensor], Tensor],
    write: Callable[[Tensor], Tensor],
) -> Dataset:
    return Dataset(name, shape, lambda t: {parameter: read(t)}, lambda p: write(p[parameter]))


def _kernel(name: str, P: int, H: int, layer: str) -> Dataset:
    parts = (f"{layer}.input_weight", f"{layer}.hidden_weight")
    return Dataset(
        name,
        (2 * P, 4 * H),
        lambda t: dict(zip(parts, (t[:P].t(), t[P:].t()), strict=True)),
        lambda p: torch.cat([p[part].t() for part in parts]),
    )


def load_bilm_tf(options: Path, weights: Path) -> SavedModel:
    """Load a published model; a `vocabulary.txt` beside the options comes along if it is one of a language model.

    Raises:
        CheckpointError: a file is missing, broken, or does not fit the other; all differing arrays in one message.
    """
    stored = _read_options(options)
    with reading_hdf5(weights, "the options have no weights beside them") as file:
        config = _config_of(stored, options, file)
        tensors = _read_arrays(file, config, weights)
    with torch.device("meta"):  # no memory before the arrays are known to fit
        bilm = BiLM(config)
    fill_module(bilm, tensors, str(weights), _ADVICE)
    return SavedModel(ModelConfig(bilm=config), bilm.eval(), vocabulary=_vocabulary_beside(options))


def _vocabulary_beside(options: Path) -> Vocabulary | None:
    path = options.parent / VOCABULARY_FILE
    try:
        return read_vocabulary(path) if path.is_file() else None
    except TextError:  # without <UNK>, say: for embedding it was no more than a list of words to cache
        return None


def save_bilm_tf(model: SavedModel, folder: Path) -> None:
    """Write `options.json` and `weights.hdf5`, whole or not at all; the softmax has no place in this format.

    Raises:
        CheckpointError: the format cannot hold this model.
    """
    try:
        lstm, cnn = model.bilm.config.lstm, _byte_cnn(model.bilm.config)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}; keep it as --to native") from None
    if lstm.forget_bias != 1.0:
        raise CheckpointError(
            f"{folder}: this format means a forget bias of 1, the model has {lstm.forget_bias}; keep it as --to native"
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
    with written_whole(folder) as part:
        part.mkdir()
        (part / OPTIONS_FILE).write_text(json.dumps(options, indent=1) + "\n", encoding="utf-8")
        with writing_hdf5(part / WEIGHTS_FILE) as write:
            for dataset in datasets(model.bilm.config):
                write(dataset.name, dataset.from_parameters(parameters).numpy())
        if model.vocabulary is not None:
            write_vocabulary(model.vocabulary, part / VOCABULARY_FILE)


def _read_options(path: Path) -> dict[str, Any]:
    try:
        options = read_json(path)
    except FileNotFoundError:
        raise CheckpointError(f"{path.absolute()}: no such file; published weights need their options") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: not a readable JSON file ({error})") from error
    if not isinstance(options, dict) or not isinstance(options.get("lstm"), dict):
        raise CheckpointError(f"{path}: no 'lstm' in it; expected the options of bilm-tf or AllenNLP")
    if not isinstance(options.get("char_cnn"), dict):
        raise CheckpointError(f"{path}: no 'char_cnn' in it; models with word input only are not read")
    return options


def _config_of(options: dict[str, Any], path: Path, file: h5py.File) -> BiLMConfig:
    lstm, cnn = options["lstm"], options["char_cnn"]
    n_characters = cnn.get("n_characters", N_CHARACTERS)
    if n_characters not in (N_CHARACTERS - 1, N_CHARACTERS):
        raise CheckpointError(f"{path}: n_characters is {n_characters}, expected 261 (training) or 262 (inference)")
    try:
        n_filters, projection = sum(number for _, number in cnn["filters"]), lstm["projection_dim"]
        return BiLMConfig.model_validate(
            {
                "char_cnn": {
                    "embedding_size": cnn["embedding"]["dim"],
                    "filters": cnn["filters"],
                    "activation": cnn["activation"],
                    "n_highway": cnn.get("n_highway") or 0,
                    "max_characters": cnn["max_characters_per_token"],
                    "projected": n_filters != projection or "CNN_proj" in file,
                },
                "lstm": {
                    "n_layers": lstm["n_layers"],
                    "cell_size": lstm["dim"],
                    "projection_size": projection,
                    "cell_clip": lstm.get("cell_clip"),
                    "projection_clip": lstm.get("proj_clip"),
                    "skip_connections": bool(lstm.get("use_skip_connections", False)),
                    "projected": projection != lstm["dim"] or "RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_P_0" in file,
                },
            }
        )
    except KeyError as error:
        raise CheckpointError(f"{path}: no {error} in it; expected the options of bilm-tf or AllenNLP") from None
    except (TypeError, ValueError) as error:
        detail = _first_fault(error) if isinstance(error, ValidationError) else str(error)
        raise CheckpointError(f"{path}: {detail}") from error


def _first_fault(error: ValidationError) -> str:
    names = {"char_cnn.activation": "activation", "lstm.cell_size": "dim", "lstm.projection_size": "projection_dim"}
    faults = []
    for fault in error.errors():
        place = ".".join(map(str, fault["loc"]))
        faults.append(f"{names.get(place, place)} is {fault['input']!r}: {fault['msg']}")
    return "; ".join(faults)


def _read_arrays(file: h5py.File, config: BiLMConfig, path: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    faults = []
    for dataset in datasets(config):
        found = _own_dataset(file, dataset.name)
        if found is None:
            faults.append(f"{dataset.name!r} is missing, the options need {dataset.shape}")
        elif found.shape != dataset.shape:
            faults.append(f"{dataset.name!r} is {found.shape}, the options make it {dataset.shape}")
        elif found.dtype.kind != "f":
            faults.append(f"{dataset.name!r} holds {found.dtype}, expected floating-point numbers")
        else:
            tensors |= dataset.to_parameters(torch.from_numpy(found[()].astype(np.float32)))
    report_faults(faults, str(path), _ADVICE)
    return tensors


def _own_dataset(file: h5py.File, name: str) -> h5py.Dataset | None:
    """The dataset if its bytes lie in this very file: links to elsewhere are not followed."""
    place = file
    for part in name.split("/"):
        if not isinstance(place, h5py.Group) or not isinstance(place.get(part, getlink=True), h5py.HardLink):
            return None
        place = place[part]
    if not isinstance(place, h5py.Dataset) or place.is_virtual or place.external:
        return None
    return place
