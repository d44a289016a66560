"""One direction of the biLM: LSTM layers with projection, clips and residuals (Peters et al. 2018, section 3.4).

The cell is TensorFlow's LSTMCell, as bilm-tf used it: gates in the order i, j, f, o (input gate, new values, forget gate,
output gate), a forget bias outside the weights, the cell clipped before the output, the projection clipped after it.
"""

from collections.abc import Iterable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.errors import ShapeError
from elmo.model.encoders.context_encoder import TrainingPass
from elmo.model.encoders.lstm.fast_lstm import Unrolling, unroll_layer
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.model.encoders.state import EncoderState


class LSTMState(NamedTuple):
    """The state of one direction, for each of its layers: a value that is passed in and returned."""

    hidden: Tensor  # (layers, B, P), the recurrent output: the clipped projection before the residual
    cell: Tensor  # (layers, B, H)


def state_shapes(config: LSTMConfig, n_rows: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The shapes of `hidden` and `cell` for `n_rows` rows."""
    return (config.n_layers, n_rows, config.projection_size), (config.n_layers, n_rows, config.cell_size)


def zero_state(config: LSTMConfig, n_rows: int, like: Tensor) -> LSTMState:
    """The state before any text, for `n_rows` rows, of the dtype and device of `like`."""
    hidden, cell = state_shapes(config, n_rows)
    return LSTMState(like.new_zeros(hidden), like.new_zeros(cell))


def lstm_step(gates: Tensor, cell: Tensor, forget_bias: float, cell_clip: float | None) -> tuple[Tensor, Tensor]:
    """One step of the cell.

    Args:
        gates: float (B, 4H), [x, h] W + b before the nonlinearities, blocks i, j, f, o.
        cell: float (B, H), the cell before the step.
        forget_bias: added to block f.
        cell_clip: the new cell stays within +- this; None: no clip.
    Returns:
        the output before the projection and the new cell, float (B, H) each.
    """
    i, j, f, o = gates.chunk(4, dim=1)  # (B, H) each
    cell = torch.sigmoid(f + forget_bias) * cell + torch.sigmoid(i) * torch.tanh(j)
    if cell_clip is not None:
        cell = cell.clamp(-cell_clip, cell_clip)
    return torch.sigmoid(o) * torch.tanh(cell), cell


class LSTMLayer(nn.Module):
    """The parameters of one layer of one direction; `forward` unrolls it over the tokens of a batch."""

    def __init__(self, config: LSTMConfig) -> None:
        super().__init__()
        self.config = config
        P, H = config.projection_size, config.cell_size
        self.input_weight = nn.Parameter(torch.empty(4 * H, P))
        self.hidden_weight = nn.Parameter(torch.empty(4 * H, P))
        self.bias = nn.Parameter(torch.zeros(4 * H))
        self.projection = nn.Parameter(torch.empty(P, H)) if config.projected else None
        limit = (6.0 / (2 * P + 4 * H)) ** 0.5  # Glorot, over [x, h] -> gates together, as in TensorFlow
        nn.init.uniform_(self.input_weight, -limit, limit)
        nn.init.uniform_(self.hidden_weight, -limit, limit)
        if self.projection is not None:
            nn.init.xavier_uniform_(self.projection)

    def forward(self, x: Tensor, mask: Tensor | None, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run over the tokens from left to right.

        Args:
            x: float (B, T, P).
            mask: bool (B, T), True = token; padding leaves the state as it is and its output is 0. None: no padding.
            hidden: float (B, P), cell: float (B, H): the state before the first token.
        Returns:
            output float (B, T, P) before any residual, hidden (B, P) and cell (B, H) after each row's last token.
        """
        gates_of_input = functional.linear(x, self.input_weight, self.bias)  # (B, T, 4H)
        outputs = []
        for t in range(x.shape[1]):
            gates = gates_of_input[:, t] + functional.linear(hidden, self.hidden_weight)  # (B, 4H)
            output, new_cell = lstm_step(gates, cell, self.config.forget_bias, self.config.cell_clip)
            if self.projection is not None:
                output = functional.linear(output, self.projection)  # (B, P)
                if self.config.projection_clip is not None:
                    output = output.clamp(-self.config.projection_clip, self.config.projection_clip)
            if mask is None:
                hidden, cell = output, new_cell
                outputs.append(output)
            else:
                is_token = mask[:, t, None]  # (B, 1)
                hidden, cell = torch.where(is_token, output, hidden), torch.where(is_token, new_cell, cell)
                outputs.append(output * is_token)
        return torch.stack(outputs, dim=1) if outputs else x, hidden, cell

    def unroll_fast(self, x: Tensor, hidden: Tensor, cell: Tensor, how: TrainingPass) -> tuple[Tensor, Tensor, Tensor]:
        """`forward` for rows without padding, with the hand-written gradient of `fast_lstm.py`."""
        hidden_weight = how.dropout.of_weight(self.hidden_weight)
        weights = (self.input_weight, hidden_weight, self.bias, self.projection)
        output, hidden, cell = unroll_layer(x.transpose(0, 1), *weights, hidden, cell, self.unrolling(how))
        return output.transpose(0, 1), hidden, cell

    def unrolling(self, how: TrainingPass) -> Unrolling:
        """The arguments without a gradient for unrolling this layer over a window."""
        config = self.config
        return Unrolling(config.forget_bias, config.cell_clip, config.projection_clip, how.precision, how.resets)


class LSTMStack(nn.Module):
    """The layers of one direction, reading from left to right."""

    def __init__(self, config: LSTMConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(LSTMLayer(config) for _ in range(config.n_layers))

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        state: EncoderState | None = None,
        training: TrainingPass | None = None,
    ) -> tuple[list[Tensor], LSTMState]:
        """Run all layers (Peters et al. 2018, section 3.4).

        Args:
            x: float (B, T, P), the token layer.
            mask: bool (B, T), True = token, padding on the right only; None: no padding.
            state: before the first token, hidden (layers, B, P) and cell (layers, B, H); None: zero.
            training: options of a training window, which has no padding: its layers are unrolled by `unroll_fast`, with
                dropout on each layer's input and on the top output. None: evaluation.
        Returns:
            the output of each layer, float (B, T, P), after its residual, and the state after each row's last token.
        Raises:
            ShapeError: the state has another number of rows, or the sizes of another model.
        """
        state = zero_state(self.config, x.shape[0], x) if state is None else self._checked(state, x.shape[0])
        outputs, hiddens, cells = [], [], []
        for number, layer in enumerate(cast("Iterable[LSTMLayer]", self.layers)):
            before = (state.hidden[number], state.cell[number])
            if training is None:
                output, hidden, cell = layer(x, mask, *before)
            else:
                x = training.dropout.of_units(x, training.dropout.layer_inputs)
                output, hidden, cell = layer.unroll_fast(x, *before, training)
            x = output + x if self.config.skip_connections and number > 0 else output  # (B, T, P)
            outputs.append(x)
            hiddens.append(hidden)
            cells.append(cell)
        if training is not None:
            outputs[-1] = training.dropout.of_units(outputs[-1], training.dropout.output)
        return outputs, LSTMState(torch.stack(hiddens), torch.stack(cells))

    def _checked(self, given: EncoderState, n_rows: int) -> LSTMState:
        state = LSTMState(*given)
        found = (tuple(state.hidden.shape), tuple(state.cell.shape))
        expected = state_shapes(self.config, n_rows)
        if found != expected:
            raise ShapeError(f"LSTM state: hidden and cell are {found}, expected {expected} for this model and batch")
        return state
