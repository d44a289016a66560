"""One direction of a biLM as a language model of its own, which reads a text from its beginning or from its end.

The backward LM reads the text as if it were written from right to left: the sentences from the last to the first, each from its
last token to its first. So "the text just read" is what follows in the text, for both directions alike it is what lies between
the token and the end at which reading began.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.surprisal import MAX_POSITIONS, CarryOrZero
from elmo.errors import CheckpointError, ConfigError
from elmo.model.bilm import BiLM
from elmo.model.encoders.state import EncoderState
from elmo.model.output.adaptive_softmax import OutputLayer
from elmo.text.batches import length_batches
from elmo.text.words.characters import SENTENCE_END, SENTENCE_START


class Line(NamedTuple):
    """A sentence of n tokens as a direction reads it, T = n + 1."""

    char_ids: Tensor  # int64 (T, C), what is read: a boundary, then the tokens
    targets: Tensor  # int64 (T,), what is predicted: the tokens, then the other boundary


class Piece(NamedTuple):
    """A part of a line that was read at once, T tokens of it."""

    states: Tensor  # float (T, P), the top states
    losses: Tensor  # float (T,), nats; with a gradient if the weights may change
    targets: Tensor  # int64 (T,)

    @property
    def nats(self) -> NDArray[np.float64]:
        """The losses without a gradient: float64 (T,)."""
        return self.losses.detach().double().cpu().numpy()


class OneDirection:
    """A direction of a model, with weights of its own if they are to change.

    Args:
        backward: the backward LM; else the forward LM.
        state: "zero" at the start of each sentence, or "carry" from sentence to sentence as the direction reads them.
        learns: work on a copy of the weights, which may be changed, and read with gradients.
    Raises:
        CheckpointError: the model has no softmax. ConfigError: its encoder has no state to carry.
    """

    def __init__(self, model: SavedModel, backward: bool, state: CarryOrZero, learns: bool = False) -> None:
        if model.softmax is None or model.vocabulary is None:
            raise CheckpointError("perplexity needs a model with its softmax and vocabulary")
        encoder = model.bilm.config.encoder
        if state == "carry" and not encoder.has_state:
            raise ConfigError(
                f'state="carry": the encoder of this model ({encoder.kind}) has no state; use state="zero"'
            )
        self._vocabulary, self._word_encoder = model.vocabulary, model.word_encoder
        self._bilm: BiLM = deepcopy(model.bilm).requires_grad_() if learns else model.bilm
        self._softmax: OutputLayer = deepcopy(model.softmax).requires_grad_() if learns else model.softmax
        self._backward, self._learns = backward, learns
        self._lm = self._bilm.backward_lm if backward else self._bilm.forward_lm
        self._carries, self._has_state = state == "carry", encoder.has_state
        self._state: EncoderState | None = None

    def weights(self) -> list[nn.Parameter]:
        """All weights that the direction reads or predicts with: of the token layer, of its LM and of the softmax."""
        other = self._bilm.forward_lm if self._backward else self._bilm.backward_lm
        left_out = {id(p) for p in other.parameters()}
        return [p for p in (*self._bilm.parameters(), *self._softmax.parameters()) if id(p) not in left_out]

    def line(self, words: Sequence[str]) -> Line:
        """A sentence in the order of the text -> what this direction reads and predicts."""
        start, end = self._word_encoder.boundaries
        if self._backward:
            words, start, last = words[::-1], end, SENTENCE_START
        else:
            last = SENTENCE_END
        targets = self._vocabulary.encode([*words, last]).astype(np.int64)
        device = next(self._bilm.parameters()).device
        return Line(
            torch.from_numpy(self._word_encoder.encode([start, *words])).to(device),
            torch.from_numpy(targets).to(device),
        )

    @torch.no_grad()
    def read_together(self, sentences: Sequence[Sequence[str]]) -> list[Piece]:
        """Read sentences from state zero in batches of like length, each word spelled once: a piece for each, in order."""
        lines = [self.line(words) for words in sentences]
        lengths = [len(line.targets) for line in lines]
        spelled, index = torch.unique(torch.cat([line.char_ids for line in lines]), dim=0, return_inverse=True)
        vectors = torch.split(self._bilm.token_layer(spelled)[index], lengths)  # (T, P) each
        found: dict[int, Piece] = {}
        for rows in length_batches(lengths, max_rows=256, max_positions=MAX_POSITIONS):
            x = pad_sequence([vectors[i] for i in rows], batch_first=True)  # (B, T, P)
            own = torch.tensor([lengths[i] for i in rows], device=x.device)
            mask = torch.arange(x.shape[1], device=x.device) < own[:, None]  # (B, T)
            layers, _ = self._lm(x, mask, None)
            tops, targets = layers[-1][mask], torch.cat([lines[i].targets for i in rows])
            parts = (torch.split(part, own.tolist()) for part in (tops, self._softmax.nats(tops, targets), targets))
            found |= {i: Piece(*each) for i, each in zip(rows, zip(*parts, strict=True), strict=True)}
        return [found[i] for i in range(len(lines))]

    def read(self, words: Sequence[str], segment: int = MAX_POSITIONS) -> Iterator[Piece]:
        """Read a sentence in equal parts of at most `segment` tokens; the weights may change between two parts.

        The state is handed from part to part, without its gradient; an encoder without a state reads the sentence whole.
        """
        line = self.line(words)
        n_parts = -(-len(line.targets) // segment) if self._has_state else 1
        state = self._state if self._carries else None
        for char_ids, targets in zip(
            line.char_ids.tensor_split(n_parts), line.targets.tensor_split(n_parts), strict=True
        ):
            with torch.set_grad_enabled(self._learns):
                layers, state = self._lm(self._bilm.token_layer(char_ids)[None], None, state)
                top = layers[-1][0]  # (T, P)
                losses = (self._softmax.loss if self._learns else self._softmax.nats)(top, targets)
            yield Piece(top, losses, targets)
            state = type(state)(*(tensor.detach() for tensor in state))
        self._state = state
