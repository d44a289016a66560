"""The encoder of an `Elmo`: the weights as they were at one moment, laid out for embedding, with the token layer of words."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.tensors import all_finite
from elmo.embed.batch import Batch
from elmo.embed.token_cache import TokenCache, versions_of
from elmo.errors import CheckpointError
from elmo.model.bilm import BiLM
from elmo.model.encoders.state import BiLMState
from elmo.model.packed_bilm import PackedBiLM
from elmo.text.words.word_encoder import WordEncoder


class Encoder:
    """Words -> all layers, for any number of threads. Immutable: for changed weights a new one is made.

    Attributes:
        made_of: the versions of the weights that it was made of.
        cache: the token layer of words, of these weights.
    """

    def __init__(self, bilm: BiLM, word_encoder: WordEncoder, precision: torch.dtype | None, cache_bytes: int) -> None:
        self.made_of = versions_of(bilm.parameters())  # before they are read: a later change makes the encoder stale
        self._bilm, self._word_encoder = bilm, word_encoder
        self._like = next(bilm.parameters()).detach()
        self._packed = PackedBiLM(bilm, precision)
        self.cache = TokenCache(bilm.config.projection_size, self._like, cache_bytes)

    def run(self, batch: Batch, state: BiLMState | None) -> tuple[Tensor, BiLMState]:
        """All layers of a batch.

        Args:
            state: of each sentence; it is written over. None: zero.
        Returns:
            float (L, tokens, D), sentence by sentence, without boundaries; the state after them.
        Raises:
            CheckpointError: a number is not finite.
        """
        tokens = self.cache.gather(batch.words, batch.positions, self._spell)  # (N, P)
        before = self._bilm.start_state(len(batch.lengths)) if state is None else state
        layers, after = self._packed.contextualise(
            tokens, batch.batch_sizes, self._there(batch.reverse_indices), before
        )
        if not all_finite(layers):
            raise CheckpointError(
                "the vectors of the model are not finite, so its weights are damaged; load them again"
            )
        return layers.index_select(1, self._there(batch.inner)), after

    def _spell(self, words: list[str]) -> Tensor:
        return self._packed.token_layer(self._there(self._word_encoder.encode(words)))

    def _there(self, array: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(array).to(self._like.device)
