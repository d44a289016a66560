"""The interface of a context encoder: one direction that reads from left to right, and the methods that run it.

To add one: a folder with its settings (a class of `settings.EncoderConfig`) and a class of `ContextEncoder`, and one line in
`kinds.py`. It needs `forward`, `start_state`, `step_bytes` and `position_bytes`; faster paths (training on a device, two
directions at once, embedding in a precision) are in `read_both` and `prepack`. A biLM has two of them, `forward_lm` and
`backward_lm`; the latter gets its tokens in reverse order, so that neither knows which one it is.
"""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from elmo.model.dropout import NO_DROPOUT, Dropout, DropoutConfig
from elmo.model.encoders.runner import EmbeddingRunner, PlainRunner
from elmo.model.encoders.settings import EncoderConfig
from elmo.model.encoders.state import BiLMState, EncoderState


class TrainingPass(NamedTuple):
    """Options for reading a window in training: rows without padding."""

    dropout: Dropout = NO_DROPOUT
    precision: torch.dtype | None = None  # of matrix products; None: that of the weights
    resets: Tensor | None = None  # bool (B, T): the state is reset before this token


class StepBytes(NamedTuple):
    """Memory of a training step in both directions, in bytes."""

    kept: int  # for the gradient
    in_backward: int  # the maximum that the backward pass adds


class ContextEncoder(nn.Module):
    """The layers of one direction.

    Attributes:
        settings: the class of its settings.
        layers: one module per layer, the lowest first; gradual unfreezing adds one module at a time.
    """

    settings: ClassVar[type[EncoderConfig]]
    layers: nn.ModuleList

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        state: EncoderState | None = None,
        training: TrainingPass | None = None,
    ) -> tuple[list[Tensor], EncoderState]:
        """Run all layers; the output at a token depends on it and the tokens before it, never on those after it.

        Args:
            x: float (B, T, P), the token layer.
            mask: bool (B, T), True = token, padding on the right only, where the outputs are 0; None: no padding.
            state: before the first token; None: `start_state`.
            training: None, or how to read a window of training, which has no mask.
        Returns:
            the output of each layer, float (B, T, P), and the state after each row's last token.
        Raises:
            ShapeError: the state has another number of rows or belongs to another model.
        """
        raise NotImplementedError

    def start_state(self, n_rows: int, like: Tensor) -> EncoderState:
        """The state before any text, for `n_rows` rows, with the dtype and device of `like`; no fields without a state."""
        raise NotImplementedError

    def step_bytes(self, n_positions: int, low: int, resets: bool, dropout: DropoutConfig) -> StepBytes:
        """Memory of a training step.

        Args:
            n_positions: rows x positions of a window. low: bytes of a number in a matrix product.
            resets: whether `TrainingPass.resets` is given.
        """
        raise NotImplementedError

    def position_bytes(self) -> int:
        """Bytes kept for the gradient per position of a row, in both directions, in float32."""
        raise NotImplementedError

    def read_both(
        self,
        backward_lm: "ContextEncoder",
        tokens: Tensor,
        backwards: Callable[[Tensor], Tensor],
        mask: Tensor | None,
        state: BiLMState,
        training: TrainingPass | None,
    ) -> tuple[list[Tensor], list[Tensor], BiLMState]:
        """This encoder as the forward LM, and another as the backward LM; see `BiLM.both_directions`."""
        ahead, forward_state = self(tokens, mask, state.forward, training)
        behind, backward_state = backward_lm(backwards(tokens), mask, state.backward, training)
        return ahead, behind, BiLMState(forward_state, backward_state)

    def prepack(self, backward_lm: "ContextEncoder", precision: torch.dtype) -> EmbeddingRunner:
        """The runner that embeds with this encoder as the forward LM and another as the backward LM, weights prepared once.

        Args:
            precision: of matrix products, torch.bfloat16, torch.int8 or that of the weights; an encoder may support only the
                last and then uses it.
        """
        return PlainRunner(self, backward_lm)
