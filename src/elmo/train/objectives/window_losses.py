"""What both language models make of one window of training: its layers and the state after it."""

from typing import NamedTuple

import torch
from torch import Tensor

from elmo.model.bilm import BiLM
from elmo.model.dropout import Dropout
from elmo.model.encoders.lstm.gpu_lstm import read_window
from elmo.model.encoders.lstm.lstm import LSTMState, TrainingPass
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.products import look_up, named_precision
from elmo.train.config import PretrainConfig
from elmo.train.data.window_tensors import WindowTensors


def product_precision(config: PretrainConfig, device: torch.device) -> torch.dtype | None:
    """In which precision a run's matrix products are made on a device; None: that of the weights."""
    return named_precision(config.precision, device)


class WindowLayers(NamedTuple):
    """What both language models make of some rows of a window."""

    forward: list[Tensor]  # float (B, T, P) each, token layer first; of `window_tops` the top layer alone
    backward: list[Tensor]  # the same in the order in which it reads
    after: BiLMState  # the state after the window, cut from the gradient

    def tops(self) -> tuple[Tensor, Tensor]:
        """What an output layer reads: the top layer of the forward and the backward LM, float (B * T, P) each."""
        return self.forward[-1].flatten(0, 1), self.backward[-1].flatten(0, 1)


def window_layers(
    bilm: BiLM, given: WindowTensors, state: BiLMState, dropout: Dropout, precision: torch.dtype | None
) -> WindowLayers:
    """All layers of some rows of a window.

    Args:
        given: the rows. state: of these rows before the window.
        precision: of matrix products; None: that of the weights.
    """
    x, state, how = _read(bilm, given, state, dropout, precision)
    ahead, forward_state = bilm.forward_lm(x[0], None, LSTMState(*state.forward), how)
    behind, backward_state = bilm.backward_lm(x[1], None, LSTMState(*state.backward), how)
    return WindowLayers([x[0], *ahead], [x[1], *behind], BiLMState(forward_state, backward_state).detach())


def window_tops(
    bilm: BiLM, given: WindowTensors, state: BiLMState, dropout: Dropout, precision: torch.dtype | None
) -> WindowLayers:
    """The top layers of some rows of a window, see `window_layers`; faster on a GPU."""
    if not given.char_ids.is_cuda:
        return window_layers(bilm, given, state, dropout, precision)
    (ahead, behind), halves = read_window(bilm, *_read(bilm, given, state, dropout, precision))
    return WindowLayers([ahead], [behind], halves.detach())


def _read(
    bilm: BiLM, given: WindowTensors, state: BiLMState, dropout: Dropout, precision: torch.dtype | None
) -> tuple[Tensor, BiLMState, TrainingPass]:
    """The token layer of both directions, float (2, B, T, P), the state before, and how to read."""
    vectors = bilm.forward_train(given.char_ids, precision)  # (W, P)
    if given.word_scale is not None:
        vectors = vectors * given.word_scale
    state = state if given.begins is None else state.fresh(given.begins)
    return look_up(vectors, given.where), state, TrainingPass(dropout, precision, given.resets)
