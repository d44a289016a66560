"""The LSTM as a context encoder: how it is trained on a device, laid out to embed, and what it costs."""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from elmo.model.dropout import DropoutConfig
from elmo.model.encoders.context_encoder import ContextEncoder, StepBytes, TrainingPass
from elmo.model.encoders.lstm.gpu_lstm import read_window
from elmo.model.encoders.lstm.lstm import LSTMStack, LSTMState, zero_state
from elmo.model.encoders.lstm.packed_lstm import PackedLSTM
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.model.encoders.runner import EmbeddingRunner, PlainRunner
from elmo.model.encoders.settings import EncoderConfig
from elmo.model.encoders.state import BiLMState

_FULL = 4  # bytes of a float32


class LSTMEncoder(LSTMStack, ContextEncoder):
    """One direction: the layers of `lstm.py`, with the fast paths of its folder."""

    settings: ClassVar[type[EncoderConfig]] = LSTMConfig

    def start_state(self, n_rows: int, like: Tensor) -> LSTMState:
        """Zeros."""
        return zero_state(self.config, n_rows, like)

    def read_both(
        self,
        backward_lm: ContextEncoder,
        tokens: Tensor,
        backwards: Callable[[Tensor], Tensor],
        mask: Tensor | None,
        state: BiLMState,
        training: TrainingPass | None,
    ) -> tuple[list[Tensor], list[Tensor], BiLMState]:
        """See `ContextEncoder.read_both`; a window of training on a GPU is read by both directions at once."""
        if training is None or not tokens.is_cuda or not isinstance(backward_lm, LSTMStack):
            return super().read_both(backward_lm, tokens, backwards, mask, state, training)
        x = torch.stack([tokens, backwards(tokens)])  # (2, B, T, P)
        layers, after = read_window(self, backward_lm, x, state, training)
        return [x[0] for x in layers], [x[1] for x in layers], after

    def prepack(self, backward_lm: ContextEncoder, precision: torch.dtype) -> EmbeddingRunner:
        """See `ContextEncoder.prepack`; every precision is supported."""
        if not isinstance(backward_lm, LSTMStack):
            return PlainRunner(self, backward_lm)
        return PackedLSTM(self, backward_lm, precision)

    def step_bytes(self, n_positions: int, low: int, resets: bool, dropout: DropoutConfig) -> StepBytes:
        """The tensors that `fast_lstm` keeps, and the largest that its backward pass makes."""
        H, P, N = self.config.cell_size, self.config.projection_size, n_positions
        of_layer = N * (
            low * (6 * H + 2 * P) + _FULL * (H + P)
        )  # inputs, gates, squashed, inner, kept_hiddens; cells, hiddens
        if resets:
            of_layer += N * _FULL * H  # kept_cells
        if dropout.layer_inputs > 0:
            of_layer += 2 * N * _FULL * P  # what was dropped, and the input without it
        weights = 8 * H * P  # input and hidden, of one layer and direction
        if dropout.recurrent > 0:
            of_layer += weights * _FULL  # half of them, twice
        in_backward = N * low * (4 * H + 3 * P) + weights * (low + _FULL)  # of_gates, read, of_projected; of_weights
        return StepBytes(2 * self.config.n_layers * of_layer, in_backward)

    def position_bytes(self) -> int:
        """In each cell four gates and four more numbers, and the output."""
        return _FULL * 2 * self.config.n_layers * (8 * self.config.cell_size + 8 * self.config.projection_size)
