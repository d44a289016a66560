"""Held-out perplexity over the whole vocabulary, of each direction and of both.

Counting rule: every word and one sentence mark a sentence (forward predicts `</S>`, backward `<S>`) is counted once; words
outside the vocabulary, and a literal `<unk>`, are `<UNK>` and counted; state zero at the start of each sentence. Bits per byte
charge each of these words its spelling besides (`embed/language_model/unknown_words.py`), perplexity does not.

Another figure is that of state "carry", which is how bilm-tf's `test` reads with batch size 1: one row, sentence after
sentence in the order of the text, the state handed on in both directions. The backward direction too takes the sentences in
that order, each from its end to its start.

A direction never reads the mark that it predicts last (forward `</S>`, backward `<S>`), as in training: in the carried row
`<S>` of a sentence follows the last word of the one before.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.surprisal import GROUP_TOKENS, MAX_POSITIONS, CarryOrZero, nats_of_each
from elmo.errors import TextError
from elmo.train.ranks import Ranks


@dataclass(frozen=True)
class Perplexity:
    """Losses of both directions over the same counted tokens."""

    forward_nats: float  # sum over tokens
    backward_nats: float  # sum over tokens
    tokens: int
    unknown: int  # counted tokens that are <UNK>
    spelling_bits: int  # charged for them in bits per byte

    def __add__(self, other: "Perplexity") -> "Perplexity":
        """Of two texts together."""
        return Perplexity(
            self.forward_nats + other.forward_nats,
            self.backward_nats + other.backward_nats,
            self.tokens + other.tokens,
            self.unknown + other.unknown,
            self.spelling_bits + other.spelling_bits,
        )

    @property
    def forward(self) -> float:
        """exp of the mean loss of the forward direction."""
        return _exp(self.forward_nats / self.tokens)

    @property
    def backward(self) -> float:
        """exp of the mean loss of the backward direction."""
        return _exp(self.backward_nats / self.tokens)

    @property
    def mean(self) -> float:
        """exp of the mean of both cross-entropies."""
        return _exp((self.forward_nats + self.backward_nats) / (2 * self.tokens))

    @property
    def oov_rate(self) -> float:
        """Fraction of the counted tokens that are `<UNK>`."""
        return self.unknown / self.tokens

    def bits_per_byte(self, size_bytes: int) -> float:
        """Bits of the mean of both directions, with the spelling of unknown words, for each byte of the text."""
        bits = (self.forward_nats + self.backward_nats) / (2 * math.log(2))
        return (bits + self.spelling_bits) / size_bytes


NOTHING = Perplexity(0.0, 0.0, 0, 0, 0)  # of no text; it has no mean
NO_SENTENCE = "no sentence to measure perplexity on: the text is empty"


def _exp(nats: float) -> float:
    """exp, infinite on overflow."""
    return math.exp(nats) if nats < 700 else math.inf


def measure_perplexity(
    model: SavedModel,
    sentences: Sequence[Sequence[str]],
    max_positions: int = MAX_POSITIONS,
) -> Perplexity:
    """The perplexity of sentences: each word and boundary is predicted from both sides, from state zero.

    Args:
        model: with softmax and vocabulary.
        sentences: tokenized; empty ones are passed over.
        max_positions: rows x tokens of one batch at most; changes memory, not the result.
    Raises:
        TextError: there is no sentence.
    """
    each = measure_each(model, (words for words in sentences if words), max_positions=max_positions)
    result = sum(each, start=NOTHING)
    if not result.tokens:
        raise TextError(NO_SENTENCE)
    return result


def measure_each(
    model: SavedModel,
    sentences: Iterable[Sequence[str]],
    state: CarryOrZero = "zero",
    report: Callable[[int], None] | None = None,
    *,
    group_tokens: int = GROUP_TOKENS,
    max_positions: int = MAX_POSITIONS,
) -> Iterator[Perplexity]:
    """The perplexity of each sentence, in order; sentences are taken from a stream as they are needed.

    Args:
        model: with softmax and vocabulary.
        sentences: tokenized, none of them empty.
        state: "zero" at the start of each sentence, or "carry": one row (see the module).
        report: called after each batch with its number of tokens.
        group_tokens: tokens of the sentences held at once. max_positions: rows x tokens read at once, of a long row too. Both
            change memory and speed, not the result.
    """
    each = nats_of_each(model, sentences, state, report, group_tokens=group_tokens, max_positions=max_positions)
    for nats in each:
        sums = np.add.reduceat(np.stack([nats.forward, nats.backward]), [0], axis=1)[:, 0].tolist()
        yield Perplexity(sums[0], sums[1], len(nats.forward), nats.n_unknown, int(nats.spelling_bits.sum()))


def measure_together(model: SavedModel, sentences: Sequence[Sequence[str]], ranks: Ranks) -> Perplexity:
    """`measure_perplexity`, each rank measuring its part of the sentences; every rank gets the whole."""
    own = sentences[ranks.rank :: ranks.n_ranks]
    sums = torch.zeros(5, dtype=torch.float64, device=ranks.device)
    if own:
        found = measure_perplexity(model, own)
        counts = (found.tokens, found.unknown, found.spelling_bits)
        sums += sums.new_tensor([found.forward_nats, found.backward_nats, *counts])
    ranks.add_up([sums])
    forward, backward, tokens, unknown, spelling_bits = sums.tolist()
    return Perplexity(forward, backward, int(tokens), int(unknown), int(spelling_bits))
