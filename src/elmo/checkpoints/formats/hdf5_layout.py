"""The arrays of the published format, and the parameters of the model that they hold (bilm-tf, AllenNLP).

Quirks that stay in this file: `char_embed` has 261 rows where the model has 262 (row 0, a padding token, is all zero and not
stored). Matrices are stored input units first. The LSTM kernel holds the rows of x, then those of h.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.formats.checkpoint_format import lstm_of
from elmo.checkpoints.tensors import fill_module, report_faults
from elmo.errors import CheckpointError
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig, CharCNNConfig
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.model.shapes_only import shapes_only
from elmo.text.words.characters import N_CHARACTERS

ADVICE = "give the options.json that came with these weights"


class StoredArray(NamedTuple):
    """An array in a file, not read yet."""

    shape: tuple[int, ...]
    kind: str  # name of its numbers' type
    is_float: bool
    read: Callable[[], NDArray[Any]]


FindArray = Callable[[str], StoredArray | None]


class Dataset(NamedTuple):
    """One array of the file and the parameters it holds."""

    name: str
    shape: tuple[int, ...]
    to_parameters: Callable[[Tensor], dict[str, Tensor]]
    from_parameters: Callable[[Mapping[str, Tensor]], Tensor]


def datasets(config: BiLMConfig) -> Iterator[Dataset]:
    """All arrays that a model of this config has in the file."""
    yield from cnn_datasets(byte_cnn(config), config.projection_size)
    yield from lstm_datasets(lstm_of(config))


def cnn_datasets(cnn: CharCNNConfig, P: int) -> Iterator[Dataset]:
    """The arrays of the token layer."""
    F = cnn.n_filters
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


def lstm_datasets(lstm: LSTMConfig) -> Iterator[Dataset]:
    """The arrays of both directions."""
    P, H = lstm.projection_size, lstm.cell_size
    for number, direction in enumerate(("forward_lm", "backward_lm")):
        for i in range(lstm.n_layers):
            cell, layer = f"RNN_{number}/RNN/MultiRNNCell/Cell{i}/LSTMCell", f"{direction}.layers.{i}"
            yield _kernel(f"{cell}/W_0", P, H, layer)
            yield _same(f"{cell}/B", (4 * H,), f"{layer}.bias")
            if lstm.projected:
                yield _transposed(f"{cell}/W_P_0", (H, P), f"{layer}.projection")


def byte_cnn(config: BiLMConfig) -> CharCNNConfig:
    """The only input layer that the format supports.

    Raises:
        CheckpointError: the model has another.
    """
    if config.char_cnn is None or config.alphabet_size is not None or config.word_embedding is not None:
        own = (
            "word vectors" if config.word_embedding is not None else f"an alphabet of {config.alphabet_size} characters"
        )
        raise CheckpointError(f"this format stores models that read words as UTF-8 bytes, this model reads {own}")
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


def read_bilm(config: BiLMConfig, arrays: Iterable[Dataset], find: FindArray, where: str) -> BiLM:
    """The model whose arrays `find` returns, ready to embed; shapes are checked before memory is allocated.

    Raises:
        CheckpointError: arrays are missing, of other shapes or types, or not finite; all of them in one message.
    """
    found: list[tuple[Dataset, StoredArray]] = []
    faults = []
    for dataset in arrays:
        stored = find(dataset.name)
        if stored is None:
            faults.append(f"{dataset.name!r} is missing, the options need {dataset.shape}")
        elif stored.shape != dataset.shape:
            faults.append(f"{dataset.name!r} is {stored.shape}, the options make it {dataset.shape}")
        elif not stored.is_float:
            faults.append(f"{dataset.name!r} holds {stored.kind}, expected floating-point numbers")
        else:
            found.append((dataset, stored))
    report_faults(faults, where, ADVICE)
    tensors: dict[str, Tensor] = {}
    for dataset, stored in found:
        tensors |= dataset.to_parameters(torch.from_numpy(stored.read().astype("float32")))
    with shapes_only():
        bilm = BiLM(config)
    fill_module(bilm, tensors, where, ADVICE)
    return bilm.eval()
