"""Held-out perplexity by the full softmax, of each direction and of both.

Counting rule: every word and one sentence mark a sentence (forward predicts `</S>`, backward `<S>`) is counted once; words
outside the vocabulary, and a literal `<unk>`, are `<UNK>` and counted; state zero at the start of each sentence.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elmo.errors import TextError
from elmo.model.bilm import BiLM
from elmo.model.softmax import Softmax
from elmo.text.batches import encode_batch, length_batches
from elmo.text.characters import SENTENCE_END, SENTENCE_START
from elmo.text.speller import Speller
from elmo.text.vocabulary import Vocabulary

LOGITS_AT_ONCE = 2**25  # numbers of one block of logits: 128 MB of float32


@dataclass(frozen=True)
class Perplexity:
    """Losses of both directions over the same counted tokens."""

    forward_nats: float  # sum over tokens
    backward_nats: float  # sum over tokens
    tokens: int
    unknown: int  # counted tokens that are <UNK>

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
        """Share of the counted tokens that are `<UNK>`."""
        return self.unknown / self.tokens

    def bits_per_byte(self, size_bytes: int) -> float:
        """Bits of the mean of both directions for each byte of the text."""
        return (self.forward_nats + self.backward_nats) / (2 * math.log(2) * size_bytes)


def _exp(nats: float) -> float:
    """exp, infinite where a model that went astray exceeds the numbers there are."""
    return math.exp(nats) if nats < 700 else math.inf


def _losses(x: Tensor, targets: Tensor, softmax: Softmax) -> float:
    """Sum of the full-softmax losses: x float (N, P), targets int64 (N,), in blocks that fit in memory."""
    step = max(1, LOGITS_AT_ONCE // softmax.n_words)
    return sum(
        float(softmax.loss(x[i : i + step], targets[i : i + step]).double().sum()) for i in range(0, len(targets), step)
    )


@torch.no_grad()
def measure_perplexity(
    bilm: BiLM,
    softmax: Softmax,
    vocabulary: Vocabulary,
    speller: Speller,
    sentences: Sequence[Sequence[str]],
    max_places: int = 4096,
) -> Perplexity:
    """Read sentences with state zero and predict each word and mark from both sides.

    Args:
        speller: of the model.
        sentences: tokenized; empty ones are passed over.
        max_places: rows x tokens of one batch at most; changes memory, not the result.
    Raises:
        TextError: there is no sentence.
    """
    sentences = [words for words in sentences if words]
    if not sentences:
        raise TextError("no sentence to measure perplexity on: the text is empty")
    device = softmax.weight.device
    forward = backward = 0.0
    tokens = unknown = 0
    for rows in length_batches([len(words) for words in sentences], max_rows=256, max_places=max_places):
        batch = encode_batch(sentences, rows, speller)
        mask = torch.from_numpy(batch.mask).to(device)  # (B, T)
        vectors = bilm.token_layer(torch.from_numpy(batch.char_ids).to(device))  # (words, P)
        layers, _ = bilm.contextualise(vectors[torch.from_numpy(batch.word_at).to(device)], mask)
        ahead, behind = layers[:, -1].chunk(2, dim=2)  # (B, T, P) each
        ids = np.zeros(batch.mask.shape, dtype=np.int64)  # (B, T)
        for b, row in enumerate(rows):
            words = [SENTENCE_START, *sentences[row], SENTENCE_END]
            ids[b, : len(words)] = vocabulary.encode(words)
        targets = torch.from_numpy(ids).to(device)
        counted = mask[:, 1:]  # places that have a token before them and one at them
        forward += _losses(ahead[:, :-1][counted], targets[:, 1:][counted], softmax)
        backward += _losses(behind[:, 1:][counted], targets[:, :-1][counted], softmax)
        tokens += int(counted.sum())
        unknown += sum(int((vocabulary.encode(sentences[row]) == vocabulary.unknown_id).sum()) for row in rows)
    return Perplexity(forward, backward, tokens, unknown)
