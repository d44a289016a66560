"""All layers of both language models for one window of training, and the state after it."""

from typing import NamedTuple

import torch
from torch import Tensor

from elmo.model.bilm import BiLM, already_reversed
from elmo.model.dropout import Dropout
from elmo.model.encoders.context_encoder import TrainingPass
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.products import look_up, named_precision
from elmo.train.config import PretrainConfig
from elmo.train.data.window_tensors import WindowTensors


def product_precision(config: PretrainConfig, device: torch.device) -> torch.dtype | None:
    """The precision of a run's matrix products on a device; None: that of the weights."""
    return named_precision(config.precision, device)


class WindowLayers(NamedTuple):
    """All layers of both language models for some rows of a window."""

    forward: list[Tensor]  # float (B, T, P) each, token layer first
    backward: list[Tensor]  # the same in the order in which it reads
    after: BiLMState  # the state after the window, cut from the gradient

    def tops(self) -> tuple[Tensor, Tensor]:
        """The input of an output layer: the top layer of the forward and the backward LM, float (B * T, P) each."""
        return self.forward[-1].flatten(0, 1), self.backward[-1].flatten(0, 1)


def window_layers(
    bilm: BiLM, given: WindowTensors, state: BiLMState, dropout: Dropout, precision: torch.dtype | None
) -> WindowLayers:
    """All layers of some rows of a window.

    Args:
        given: the rows. state: of these rows before the window.
        precision: of matrix products; None: that of the weights.
    """
    vectors = bilm.forward_train(given.char_ids, precision)  # (W, P)
    if given.word_scale is not None:
        vectors = vectors * given.word_scale
    state = state if given.begins is None else state.fresh(given.begins)
    x = look_up(vectors, given.where)  # (2, B, T, P)
    how = TrainingPass(dropout, precision, given.resets)
    ahead, behind, after = bilm.both_directions(x[0], already_reversed(x[1]), None, state, how)
    return WindowLayers([x[0], *ahead], [x[1], *behind], after.detach())
