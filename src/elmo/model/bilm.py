"""START HERE: the forward pass of ELMo, character ids -> all layers (Peters et al. 2018, sections 3.1 and 3.4)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from elmo.errors import ShapeError
from elmo.model.char_cnn import CharCNN
from elmo.model.config import BiLMConfig
from elmo.model.encoders.context_encoder import TrainingPass
from elmo.model.encoders.kinds import build_encoder
from elmo.model.encoders.state import BiLMState
from elmo.model.word_embedding import WordEmbedding


def reverse_rows(x: Tensor, mask: Tensor) -> Tensor:
    """Reverse each row within its own length: float (B, T, P) -> float (B, T, P); padding stays where it is."""
    B, T = mask.shape
    position = torch.arange(T, device=x.device).expand(B, T)  # (B, T)
    lengths = mask.sum(dim=1, keepdim=True)  # (B, 1)
    source = torch.where(mask, lengths - 1 - position, position)  # (B, T)
    return x.gather(1, source.unsqueeze(2).expand_as(x))  # (B, T, P)


def already_reversed(x: Tensor) -> Callable[[Tensor], Tensor]:
    """For `BiLM.both_directions`: the input of the backward LM is given reversed, float (B, T, P)."""
    return lambda tokens: x


def join_directions(tokens: Tensor, ahead: Sequence[Tensor], behind: Sequence[Tensor], mask: Tensor) -> Tensor:
    """All layers of a batch.

    Args:
        tokens: float (B, T, P), the token layer. ahead, behind: of `BiLM.both_directions`, behind in reverse order.
        mask: bool (B, T), by which `behind` was reversed.
    Returns:
        float (B, L, T, D): the token layer twice, then [forward; backward] of each layer.
    """
    layers = [torch.cat([tokens, tokens], dim=2)]  # (B, T, D) each
    layers += [torch.cat([f, reverse_rows(b, mask)], dim=2) for f, b in zip(ahead, behind, strict=True)]
    return torch.stack(layers, dim=1)  # (B, L, T, D)


class BiLM(nn.Module):
    """A bidirectional language model: two language models that share the token layer."""

    def __init__(self, config: BiLMConfig) -> None:
        super().__init__()
        self.config = config
        P, spelled = config.projection_size, config.char_cnn is not None
        self.char_cnn = None if config.char_cnn is None else CharCNN(config.char_cnn, P)
        self.word_embedding = (
            None if config.word_embedding is None else WordEmbedding(config.word_embedding, P, bias=not spelled)
        )
        self.forward_lm = build_encoder(config.encoder)
        self.backward_lm = build_encoder(config.encoder)

    def forward(self, char_ids: Tensor, mask: Tensor, state: BiLMState | None = None) -> tuple[Tensor, BiLMState]:
        """All layers of a batch of sentences.

        Args:
            char_ids: int64 (B, T, C), rows of the model's `WordEncoder`; the caller adds `<S>` and `</S>` if they are wanted.
            mask: bool (B, T), True = token; padding on the right only.
            state: the state before the batch, row by row; None: zero.
        Returns:
            layers: float (B, L, T, D): the token layer twice, then [forward; backward] of each layer; padding is 0.
            state: after each row's last token (forward) and first token (backward).
        Raises:
            ShapeError: mask and ids do not fit, or padding comes before a token.
        """
        if char_ids.shape[:2] != mask.shape:
            raise ShapeError(
                f"biLM: char_ids are {tuple(char_ids.shape)}, mask is {tuple(mask.shape)}; expected (B, T, C) and (B, T)"
            )
        return self.contextualise(self.token_layer(char_ids), mask, state)

    def start_state(self, n_rows: int) -> BiLMState:
        """The state before any text, for `n_rows` rows, of the dtype and device of the weights."""
        like = next(self.parameters()).detach()
        return BiLMState(*(lm.start_state(n_rows, like) for lm in (self.forward_lm, self.backward_lm)))

    def token_layer(self, char_ids: Tensor) -> Tensor:
        """Vectors of tokens without context, from their characters, their word ids or both.

        Args:
            char_ids: int64 (..., C), rows of the model's `WordEncoder`; the id of the word, if it has one, is last.
        Returns:
            float (..., P).
        Raises:
            ShapeError: rows are not those of this model.
        """
        return self._read(char_ids, CharCNN.__call__, None)

    def forward_train(self, char_ids: Tensor, precision: torch.dtype | None) -> Tensor:
        """`token_layer` for training, see `CharCNN.forward_train`: int64 (N, C) -> float (N, P)."""
        if char_ids.is_cuda:
            return self._read(char_ids, lambda cnn, ids: cnn.forward_cuda(ids, precision), precision)
        return self._read(char_ids, lambda cnn, ids: cnn.forward_train(ids, precision), precision)

    def _read(
        self, char_ids: Tensor, spell: Callable[[CharCNN, Tensor], Tensor], precision: torch.dtype | None
    ) -> Tensor:
        if self.word_embedding is None:
            return spell(self.char_cnn, char_ids)  # type: ignore[arg-type]  # a config has one of the two
        C = (self.config.max_characters or 0) + 1
        if char_ids.shape[-1] != C:
            raise ShapeError(f"biLM: {char_ids.shape[-1]} ids per token, expected {C}, the id of the word last")
        words: Tensor = self.word_embedding(char_ids[..., -1], precision)  # (..., P)
        return words if self.char_cnn is None else spell(self.char_cnn, char_ids[..., :-1]) + words

    def contextualise(self, tokens: Tensor, mask: Tensor, state: BiLMState | None = None) -> tuple[Tensor, BiLMState]:
        """`forward` from the token layer on: float (B, T, P) -> layers float (B, L, T, D) and the state."""
        if bool((mask[:, 1:] & ~mask[:, :-1]).any()):
            raise ShapeError("biLM: mask has padding before a token; padding belongs on the right of a row")
        tokens = tokens * mask.unsqueeze(2)  # (B, T, P)
        ahead, behind, after = self.both_directions(tokens, lambda x: reverse_rows(x, mask), mask, state)
        return join_directions(tokens, ahead, behind, mask), after

    def both_directions(
        self,
        tokens: Tensor,
        backwards: Callable[[Tensor], Tensor],
        mask: Tensor | None,
        state: BiLMState | None = None,
        training: TrainingPass | None = None,
    ) -> tuple[list[Tensor], list[Tensor], BiLMState]:
        """Run both language models on the token layer; used by training, fine-tuning and perplexity.

        Args:
            tokens: float (B, T, P) as the forward LM reads them.
            backwards: gives from these what the backward LM reads. It is called once the forward LM has read, if that is how the
                encoder works, which fixes the order in which gradients of `tokens` are added.
            mask: bool (B, T), True = token, padding on the right only; None: no padding.
            state: before the rows; None: that before any text.
            training: None, or how to read a window of training, which has no mask.
        Returns:
            the layers of the forward and of the backward LM, float (B, T, P) each, in the order in which it reads, and the state
            after the rows.
        """
        before = self.start_state(len(tokens)) if state is None else state
        return self.forward_lm.read_both(self.backward_lm, tokens, backwards, mask, before, training)
