"""One direction of a gated CNN biLM: causal convolutions with gates and residuals, no recurrence, no state.

A layer reads k tokens, the token itself and the k - 1 before it (Dauphin et al. 2017, section 2; Peters et al. 2018b, section
3.3), and adds the output of a gated linear unit to its input:

    [a; g] = W [x_{t-k+1}; ...; x_t] + b        y_t = x_t + V (a * sigmoid(g))

V brings the C channels back to the P numbers that every layer hands on, as the projection of ELMo's LSTM does. The output of each
layer is one that ELMo mixes.

There is no state: a sentence, and a window of training, begins without left context, whatever precedes it in the text.

Weights begin so that a layer adds 1/L-th of the variance of its input (a gate of 1/2 quarters the variance, so W is drawn with
variance 4 / (k P), as in Gehring et al. 2017, section 3.5): the layers that are mixed begin with numbers of like size, however
many there are. Dauphin et al. use weight normalisation instead, for SGD with momentum; Adam, the default here, scales each step
itself.
"""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.errors import ShapeError
from elmo.model.dropout import DropoutConfig
from elmo.model.encoders.context_encoder import ContextEncoder, StepBytes, TrainingPass
from elmo.model.encoders.gated_cnn.packed_gated_cnn import PackedGatedCNN
from elmo.model.encoders.gated_cnn.settings import GatedCNNConfig
from elmo.model.encoders.runner import EmbeddingRunner, PlainRunner
from elmo.model.encoders.settings import EncoderConfig
from elmo.model.encoders.state import EncoderState
from elmo.model.kernels.products import linear_in

_FULL = 4  # bytes of a float32


class NoState(NamedTuple):
    """The state of one direction: none."""


def causal_windows(x: Tensor, width: int, resets: Tensor | None) -> Tensor:
    """The tokens that a layer reads.

    Args:
        x: float (B, T, P).
        width: k.
        resets: bool (B, T), True where a token sees nothing of what was before it; None: nowhere but at the first.
    Returns:
        float (B, T, k, P), the token itself last; 0 where there is none.
    """
    B, T, P = x.shape
    if T == 0:
        return x.new_zeros(B, 0, width, P)
    windows = functional.pad(x, (0, 0, width - 1, 0)).unfold(1, width, 1).transpose(2, 3)  # (B, T, k, P)
    if resets is None:
        return windows
    t = torch.arange(T, device=x.device)
    begin = torch.where(resets, t, 0).cummax(dim=1).values  # (B, T), the first token that a token sees
    seen = t[:, None] - torch.arange(width - 1, -1, -1, device=x.device)  # (T, k), the index of each token read
    return windows * (seen >= begin[:, :, None]).unsqueeze(3)  # (B, T, k, P)


class GatedLayer(nn.Module):
    """One layer of one direction."""

    def __init__(self, config: GatedCNNConfig) -> None:
        super().__init__()
        k, C, P = config.kernel_width, config.channels, config.projection_size
        self.kernel = nn.Parameter(torch.empty(2 * C, k, P))  # values first, then gates; the token itself last
        self.bias = nn.Parameter(torch.zeros(2 * C))
        self.projection = nn.Parameter(torch.empty(P, C))
        nn.init.normal_(self.kernel, std=(4.0 / (k * P)) ** 0.5)
        nn.init.normal_(self.projection, std=(1.0 / (C * config.n_layers)) ** 0.5)

    def forward(self, x: Tensor, resets: Tensor | None, precision: torch.dtype | None) -> Tensor:
        """float (B, T, P) -> float (B, T, P); resets: see `causal_windows`; precision: of matrix products."""
        windows = causal_windows(x, self.kernel.shape[1], resets).flatten(2)  # (B, T, kP)
        values, gates = linear_in(windows, self.kernel.flatten(1), self.bias, precision).chunk(2, dim=2)  # (B, T, C)
        return x + linear_in(values * gates.sigmoid(), self.projection, None, precision)


class GatedCNN(ContextEncoder):
    """The layers of one direction, reading from left to right."""

    settings: ClassVar[type[EncoderConfig]] = GatedCNNConfig

    def __init__(self, config: GatedCNNConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(GatedLayer(config) for _ in range(config.n_layers))

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        state: EncoderState | None = None,
        training: TrainingPass | None = None,
    ) -> tuple[list[Tensor], EncoderState]:
        """Run all layers, see `ContextEncoder.forward`."""
        if state:
            raise ShapeError("a gated CNN has no state, but was given the state of another encoder")
        how = TrainingPass() if training is None else training
        outputs = []
        for layer in cast("Iterable[GatedLayer]", self.layers):
            x = layer(how.dropout.of_units(x, how.dropout.layer_inputs), how.resets, how.precision)
            x = x if mask is None else x * mask.unsqueeze(2)
            outputs.append(x)
        outputs[-1] = how.dropout.of_units(outputs[-1], how.dropout.output)
        return outputs, NoState()

    def start_state(self, n_rows: int, like: Tensor) -> NoState:
        """No state."""
        return NoState()

    def prepack(self, backward_lm: ContextEncoder, precision: torch.dtype) -> EmbeddingRunner:
        """See `ContextEncoder.prepack`; every precision is supported."""
        if not isinstance(backward_lm, GatedCNN):
            return PlainRunner(self, backward_lm)
        directions = [
            [(layer.kernel, layer.bias, layer.projection) for layer in cast("Iterable[GatedLayer]", lm.layers)]
            for lm in (self, backward_lm)
        ]
        return PackedGatedCNN(directions[0], directions[1], precision)

    def step_bytes(self, n_positions: int, low: int, resets: bool, dropout: DropoutConfig) -> StepBytes:
        """The tensors that autograd keeps of `GatedLayer.forward`, and the gradients of a layer's windows and weights."""
        config, N = self.config, n_positions
        k, C, P = config.kernel_width, config.channels, config.projection_size
        weights = 2 * C * k * P + C * P
        of_layer = N * (low * (k * P + C) + _FULL * (3 * C + P))  # windows, gated; values and gates, sigmoid, input
        if resets:
            of_layer += N * k * _FULL
        if dropout.layer_inputs > 0:
            of_layer += 2 * N * _FULL * P
        if low < _FULL:
            of_layer += weights * low
        in_backward = N * _FULL * (2 * k * P + 2 * C) + weights * (low + _FULL)
        return StepBytes(2 * config.n_layers * of_layer, in_backward)

    def position_bytes(self) -> int:
        """The windows, values and gates, their product and the output."""
        config = self.config
        of_layer = config.kernel_width * config.projection_size + 4 * config.channels + 2 * config.projection_size
        return _FULL * 2 * config.n_layers * of_layer
