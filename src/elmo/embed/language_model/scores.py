"""Scores of sentences: what each token costs, in bits, from the left and from the right."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.surprisal import TokenNats, nats_of_each
from elmo.embed.language_model.unknown_words import unknown_words_warning, warn_of_unknown_words


@dataclass(frozen=True, eq=False)
class SentenceScore:
    """How well a model predicts a sentence of n tokens.

    Attributes:
        tokens: of the sentence.
        forward_bits: float64 (n + 1,), the surprisal of each token given those before it, -log2 p, then that of the end mark.
        backward_bits: float64 (n + 1,), the surprisal of each token given those after it, then that of the start mark.
        spelling_bits: int64 (n,), what spelling each unknown token would cost besides, by `unknown_words.py`; 0 for all others.
            It is no part of the bits above, in which such a token costs what `<UNK>` costs, for all such words together.
    """

    tokens: list[str]
    forward_bits: NDArray[np.float64]
    backward_bits: NDArray[np.float64]
    spelling_bits: NDArray[np.int64]

    @property
    def unknown(self) -> int:
        """Number of tokens that are not in the vocabulary."""
        return int(np.count_nonzero(self.spelling_bits))

    @property
    def warning(self) -> str | None:
        """Why the figures of this sentence mean little: at least 15 % of its tokens are unknown; None: there are fewer."""
        return unknown_words_warning(self.unknown, len(self.forward_bits))

    @property
    def token_bits(self) -> NDArray[np.float64]:
        """float64 (n,): the mean of both directions for each token, without the marks."""
        return (self.forward_bits[:-1] + self.backward_bits[:-1]) / 2

    @property
    def bits(self) -> float:
        """The sum of the mean of both directions, marks included."""
        return float(self.forward_bits.sum() + self.backward_bits.sum()) / 2

    @property
    def pseudo_perplexity(self) -> float:
        """2 ** (bits / (n + 1)), infinite on overflow; over all sentences of a text it is the mean of `elmo perplexity`."""
        rate = self.bits / len(self.forward_bits)
        return 2.0**rate if rate < 1000 else math.inf

    def facts(self) -> dict[str, Any]:
        """As `elmo score --json` prints it."""
        return {
            "tokens": self.tokens,
            "forward_bits": self.forward_bits.tolist(),
            "backward_bits": self.backward_bits.tolist(),
            "bits": self.bits,
            "pseudo_perplexity": self.pseudo_perplexity,
            "unknown": self.unknown,
            "spelling_bits": int(self.spelling_bits.sum()),
            "warning": self.warning,
        }

    def __repr__(self) -> str:
        return f"SentenceScore({len(self.tokens)} tokens, {self.bits:.1f} bits, pseudo-perplexity {self.pseudo_perplexity:.1f})"


def scores_of_each(model: SavedModel, sentences: Iterable[Sequence[str]]) -> Iterator[SentenceScore]:
    """The score of each sentence, in order, from state zero; a stream is read as it is needed.

    A text of which at least 15 % of the tokens are unknown is warned of at its end.

    Raises:
        CheckpointError: the model has no softmax.
    """
    shown, read = tee(sentences)  # apart by what is measured at once
    n_unknown = n_tokens = 0
    for words, nats in zip(shown, nats_of_each(model, read), strict=True):
        n_unknown += nats.n_unknown
        n_tokens += len(nats.forward)
        yield _score(list(words), nats)
    warn_of_unknown_words(n_unknown, n_tokens, levels=2)  # the caller of `Elmo.score`


def _score(tokens: list[str], nats: TokenNats) -> SentenceScore:
    backward = np.concatenate([nats.backward[:-1][::-1], nats.backward[-1:]])
    return SentenceScore(tokens, nats.forward / math.log(2), backward / math.log(2), nats.spelling_bits)
