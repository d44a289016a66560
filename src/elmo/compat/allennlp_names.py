"""The names that AllenNLP gave the tensors of a biLM -> ours, so that the state of a model trained with it loads.

The table of characters has a row for padding there, LSTM gates come in the order i, f, j, o with the forget bias of 1 in the
bias, and the gate of a highway layer says how much is *kept*.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from elmo.checkpoints.formats.checkpoint_format import lstm_of
from elmo.checkpoints.formats.many_langs_tensors import encoder_parameters
from elmo.model.bilm import BiLM

_TOKEN = "_token_embedder."
_ENCODER = "_elmo_lstm."
_RENAMED = {
    "_char_embedding_weights": "embedding.weight",
    "_projection.weight": "projection.weight",
    "_projection.bias": "projection.bias",
}


def take_allennlp_names(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """A hook of `load_state_dict`: replace AllenNLP's tensors of a biLM, if they are there, by ours.

    Args:
        module: with the biLM as `bilm`.
        state: names -> tensors; changed in place. prefix: of the module's names.
    """
    inner = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    if f"{_TOKEN}_char_embedding_weights" not in inner or not isinstance(module.bilm, BiLM):
        return
    theirs = {name: tensor for name, tensor in inner.items() if name.startswith((_TOKEN, _ENCODER))}
    ours = dict(_parameters(module.bilm, theirs))
    for name in theirs:
        del state[prefix + name]
    state.update({f"{prefix}bilm.{name}": tensor for name, tensor in ours.items()})


def _parameters(bilm: BiLM, theirs: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Our parameters by name; `load_state_dict` reports those that are missing."""
    for name, tensor in theirs.items():
        part = name.removeprefix(_TOKEN)
        kind = part.rsplit(".", 1)[-1]
        if part in _RENAMED:
            yield f"char_cnn.{_RENAMED[part]}", tensor
        elif part.startswith("char_conv_"):
            number = part.removeprefix("char_conv_").split(".")[0]
            own = ("conv_weights", tensor.transpose(1, 2)) if kind == "weight" else ("conv_biases", tensor)
            yield f"char_cnn.{own[0]}.{number}", own[1]
        elif part.startswith("_highways._layers."):
            number = part.removeprefix("_highways._layers.").split(".")[0]
            transform, kept = tensor.chunk(2)
            yield f"char_cnn.highways.{number}.transform.{kind}", transform
            yield f"char_cnn.highways.{number}.carry.{kind}", -kept
    encoder = {name.removeprefix(_ENCODER): tensor for name, tensor in theirs.items() if name.startswith(_ENCODER)}
    if encoder:
        yield from encoder_parameters(lstm_of(bilm.config), encoder)
