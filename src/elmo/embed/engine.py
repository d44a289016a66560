"""The part of an `Elmo` that all its callers share: a biLM, and the encoder made of its current weights."""

import torch

from elmo.embed.encoder import Encoder
from elmo.embed.forked_process import claim_threads
from elmo.embed.token_cache import CACHE_BYTES, versions_of
from elmo.model.bilm import BiLM
from elmo.model.kernels.thread_lock import ThreadLock
from elmo.text.words.word_encoder import WordEncoder

LAYERS_BYTES = 2**26  # of all layers of a batch; a longer sentence is a batch of its own


class Engine:
    """A biLM ready to embed. Its weights are packed when they are first needed, and again after they changed.

    Attributes:
        max_positions: tokens of a batch at most.
    """

    def __init__(
        self, bilm: BiLM, word_encoder: WordEncoder, precision: torch.dtype | None, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._bilm, self._precision, self._cache_bytes = bilm, precision, cache_bytes
        self.word_encoder = word_encoder
        config, number = bilm.config, next(bilm.parameters())
        self.max_positions = max(1, LAYERS_BYTES // (config.n_layers * config.width * number.element_size()))
        self._lock = ThreadLock()
        self._encoder: Encoder | None = None

    def encoder(self) -> Encoder:
        """The encoder of the current weights; a caller uses the same one from the beginning of a call to its end.

        Raises:
            ConfigError: the process was forked, and cannot use its parent's threads.
        """
        claim_threads()
        encoder = self._encoder
        if encoder is None or encoder.made_of != versions_of(self._bilm.parameters()):
            with self._lock:
                encoder = self._encoder
                if encoder is None or encoder.made_of != versions_of(self._bilm.parameters()):
                    encoder = Encoder(self._bilm, self.word_encoder, self._precision, self._cache_bytes)
                    self._encoder = encoder
        return encoder

    def forget_words(self) -> None:
        """Empty the cache of words."""
        self.encoder().cache.forget()

    def __getstate__(self) -> dict[str, object]:
        """Pickled or copied as the weights, which are packed anew."""
        return {**self.__dict__, "_encoder": None}
