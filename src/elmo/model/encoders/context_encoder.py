"""What a context encoder is to the rest of the program: one direction that reads from left to right, and all that runs it.

To add one: a folder with its settings (a class of `settings.EncoderConfig`) and a class of `ContextEncoder`, and one line in
`kinds.py`. It needs `forward`, `start_state`, `step_bytes` and `place_bytes`; what it can do faster (training on a device, two
directions at once, embedding in a precision) it says in `read_both` and `prepack`. A biLM has two of them, `forward_lm` and
`backward_lm`; the latter gets its tokens in reverse order, so that neither knows which one it is.
"""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from elmo.model.dropout import NO_DROPOUT, Dropout, DropoutShares
from elmo.model.encoders.runner import EmbeddingRunner, PlainRunner
from elmo.model.encoders.settings import EncoderConfig
from elmo.model.encoders.state import BiLMState, EncoderState


class TrainingPass(NamedTuple):
    """How a window of training is read: rows without padding."""

    dropout: Dropout = NO_DROPOUT
    precision: torch.dtype | None = None  # of matrix products; None: that of the weights
    resets: Tensor | None = None  # bool (B, T): nothing is known at this token of what was before it


class StepBytes(NamedTuple):
    """Bytes that a step of training takes in both directions."""

    kept: int  # for the gradient
    in_backward: int  # the largest that the backward pass makes beside them


class ContextEncoder(nn.Module):
    """The layers of one direction.

    Attributes:
        settings: the class of its settings.
        layers: one module a layer, the lowest first; the weights of one join a task's training together.
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
        """Run all layers; what stands at a token depends on it and on what is before it, never on what is after it.

        Args:
            x: float (B, T, P), the token layer.
            mask: bool (B, T), True = token, padding on the right only, where the outputs are 0; None: no padding.
            state: before the first token; None: that of `start_state`.
            training: None, or how to read a window of training, which has no mask.
        Returns:
            the output of each layer, float (B, T, P), and the state after each row's last token.
        Raises:
            ShapeError: the state is of another number of rows or of another model.
        """
        raise NotImplementedError

    def start_state(self, n_rows: int, like: Tensor) -> EncoderState:
        """The state before any text, for `n_rows` rows, of the dtype and device of `like`; without fields if it has none."""
        raise NotImplementedError

    def step_bytes(self, n_places: int, low: int, resets: bool, dropout: DropoutShares) -> StepBytes:
        """What a step of training takes.

        Args:
            n_places: rows x places of a window. low: bytes of a number in a matrix product.
            resets: whether `TrainingPass.resets` is given.
        """
        raise NotImplementedError

    def place_bytes(self) -> int:
        """Bytes that one place of a row holds for the gradient in both directions, in float32."""
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
        """What embeds with this encoder as the forward LM and another as the backward LM, weights laid out once.

        Args:
            precision: of matrix products, torch.bfloat16, torch.int8 or that of the weights; an encoder that knows no other
                than the last takes that one.
        """
        return PlainRunner(self, backward_lm)
