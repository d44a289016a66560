"""What `Elmo` runs: words of some sentences -> all layers, by the packed biLM and the cache of words."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from elmo.checkpoints.tensors import all_finite
from elmo.embed.token_cache import CACHE_BYTES, TokenCache, versions_of
from elmo.errors import CheckpointError
from elmo.model.bilm import BiLM
from elmo.model.encoders.state import BiLMState
from elmo.model.packed_bilm import PackedBiLM
from elmo.text.packing import pack
from elmo.text.words.word_encoder import WordEncoder

LAYERS_BYTES = 2**26  # of all layers of a batch; a longer sentence is a batch of its own


class Engine:
    """A biLM made ready to embed. Its weights are laid out when they are first needed, and again when they were changed.

    Attributes:
        max_places: tokens of a batch at most.
    """

    def __init__(
        self, bilm: BiLM, word_encoder: WordEncoder, precision: torch.dtype | None, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._bilm, self._speller, self._precision, self._cache_bytes = bilm, word_encoder, precision, cache_bytes
        config, self._like = bilm.config, next(bilm.parameters()).detach()
        self.max_places = max(1, LAYERS_BYTES // (config.n_layers * config.width * self._like.element_size()))
        self._made_of: tuple[tuple[int, int], ...] = ()
        self._packed: PackedBiLM
        self._cache: TokenCache

    def refresh(self) -> None:
        """Lay out the weights anew if they were changed, as by training, and forget the vectors of words."""
        now = versions_of(self._bilm.parameters())
        if now != self._made_of:
            self._packed = PackedBiLM(self._bilm, self._precision)
            self._made_of = now
            self.forget_words()

    def forget_words(self) -> None:
        """Empty the cache of words."""
        self._cache = TokenCache(self._bilm.config.lstm.projection_size, self._like, self._cache_bytes)

    def run(self, sentences: Sequence[Sequence[str]], state: BiLMState | None) -> tuple[Tensor, BiLMState]:
        """All layers of sentences.

        Args:
            sentences: by falling length, without boundaries.
            state: of each sentence; it is written over. None: zero.
        Returns:
            float (L, tokens, D), sentence by sentence, without boundaries; the state after them.
        Raises:
            CheckpointError: a number is not finite.
        """
        start, end = self._speller.boundaries
        packing = pack([len(words) + 2 for words in sentences])
        marked = [word for words in sentences for word in (start, *words, end)]
        table, row_of = self._cache.rows(marked, self._spell)
        at = np.empty(len(marked), dtype=np.int64)
        at[packing.unsorted_indices] = [row_of[word] for word in marked]
        tokens = table.index_select(0, self._there(at))  # (N, P)
        before = self._bilm.start_state(len(sentences)) if state is None else state
        layers, after = self._packed.contextualise(
            tokens, packing.batch_sizes.tolist(), self._there(packing.reverse_indices), before
        )
        if not all_finite(layers):
            raise CheckpointError("the model gives vectors that are not finite; its weights are broken, load them anew")
        inner = np.ones(len(marked), dtype=bool)
        ends = np.cumsum([len(words) + 2 for words in sentences])
        inner[ends - 1] = inner[ends[:-1]] = False
        inner[:1] = False
        return layers.index_select(1, self._there(packing.unsorted_indices[inner])), after

    def _spell(self, words: list[str]) -> Tensor:
        return self._packed.token_layer(self._there(self._speller.encode(words)))

    def _there(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self._like.device)
