"""Held-out perplexity over the whole vocabulary, of each direction and of both.

Counting rule: every word and one sentence mark a sentence (forward predicts `</S>`, backward `<S>`) is counted once; words
outside the vocabulary, and a literal `<unk>`, are `<UNK>` and counted; state zero at the start of each sentence.

Another figure is that of state "carry", which is how bilm-tf's `test` reads with batch size 1: one row, sentence after
sentence in the order of the text, the state handed on in both directions. The backward direction too takes the sentences in
that order, each from its end to its start.

A direction never reads the mark that it predicts last (forward `</S>`, backward `<S>`), as in training: in the carried row
`<S>` of a sentence follows the last word of the one before.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import CheckpointError, ConfigError, TextError
from elmo.model.bilm import BiLM, already_reversed
from elmo.model.encoders.state import BiLMState
from elmo.model.output.adaptive_softmax import OutputLayer
from elmo.text.batches import length_batches
from elmo.text.words.characters import SENTENCE_END, SENTENCE_START
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.ranks import Ranks

CarryOrZero = Literal["zero", "carry"]

GROUP_TOKENS = 2**18  # tokens of the sentences that are read, spelled and sorted by length together
MAX_POSITIONS = 4096  # rows x tokens that each direction reads at once
WORDS_AT_ONCE = 512  # words in the char CNN at once


@dataclass(frozen=True)
class Perplexity:
    """Losses of both directions over the same counted tokens."""

    forward_nats: float  # sum over tokens
    backward_nats: float  # sum over tokens
    tokens: int
    unknown: int  # counted tokens that are <UNK>

    def __add__(self, other: "Perplexity") -> "Perplexity":
        """Of two texts together."""
        return Perplexity(
            self.forward_nats + other.forward_nats,
            self.backward_nats + other.backward_nats,
            self.tokens + other.tokens,
            self.unknown + other.unknown,
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
        """Bits of the mean of both directions for each byte of the text."""
        return (self.forward_nats + self.backward_nats) / (2 * math.log(2) * size_bytes)


NOTHING = Perplexity(0.0, 0.0, 0, 0)  # of no text; it has no mean
NO_SENTENCE = "no sentence to measure perplexity on: the text is empty"


def _exp(nats: float) -> float:
    """exp, infinite on overflow."""
    return math.exp(nats) if nats < 700 else math.inf


class _Line(NamedTuple):
    """A sentence with its boundaries as one direction reads it: int64 (tokens + 2,) each."""

    spelled: NDArray[np.int64]  # indices of its words in the vectors
    ids: NDArray[np.int64]  # of the vocabulary

    def reversed(self) -> "_Line":
        return _Line(self.spelled[::-1], self.ids[::-1])


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
    bilm, softmax, vocabulary = model.bilm, model.softmax, model.vocabulary
    if softmax is None or vocabulary is None:
        raise CheckpointError("perplexity needs a model with its softmax and vocabulary")
    encoder = bilm.config.encoder
    if state == "carry" and not encoder.has_state:
        raise ConfigError(f'state="carry": the encoder of this model ({encoder.kind}) has no state; use state="zero"')
    carried: BiLMState | None = None
    at_once = (
        group_tokens if state == "zero" else max_positions
    )  # a carried row is not sorted: no use in holding more of it
    for group in _groups(sentences, at_once):
        vectors, lines = _spell(bilm, model.word_encoder, vocabulary, group)
        if state == "carry":
            batches = [[list(range(len(group)))]]
        else:
            lengths = [len(words) for words in group]
            batches = [
                [[i] for i in some] for some in length_batches(lengths, max_rows=256, max_positions=max_positions)
            ]
        ways = (lines, [line.reversed() for line in lines])
        nats = np.zeros((2, len(group)))
        for rows in batches:
            numbers = [i for row in rows for i in row]
            before = carried if state == "carry" else None
            nats[:, numbers], carried = _read_rows(bilm, softmax, vectors, ways, rows, before, max_positions)
            if report is not None:
                report(sum(len(group[i]) + 1 for i in numbers))
        for line, forward, backward in zip(lines, *nats.tolist(), strict=True):
            unknown = int((line.ids[1:-1] == vocabulary.unknown_id).sum())
            yield Perplexity(forward, backward, len(line.ids) - 1, unknown)


def _groups(sentences: Iterable[Sequence[str]], max_tokens: int) -> Iterator[list[Sequence[str]]]:
    """Sentences in order, in groups of at most `max_tokens` tokens; a longer sentence is a group of its own."""
    group: list[Sequence[str]] = []
    held = 0
    for words in sentences:
        if group and held + len(words) > max_tokens:
            yield group
            group, held = [], 0
        group.append(words)
        held += len(words)
    if group:
        yield group


@torch.no_grad()
def _spell(
    bilm: BiLM, word_encoder: WordEncoder, vocabulary: Vocabulary, group: Sequence[Sequence[str]]
) -> tuple[Tensor, list[_Line]]:
    """The token layer of the different words of a group, float (words, P), each computed once, and the lines made of them."""
    start, end = word_encoder.boundaries
    different = {word for words in group for word in words} | {start, end}
    spelled = sorted(different, key=lambda word: (len(word), word))  # the char CNN is faster on words of like length
    index_of = {word: i for i, word in enumerate(spelled)}
    device = next(bilm.parameters()).device
    vectors = []
    for i in range(0, len(spelled), WORDS_AT_ONCE):
        char_ids = torch.from_numpy(word_encoder.encode(spelled[i : i + WORDS_AT_ONCE]))
        vectors.append(bilm.token_layer(char_ids.to(device)))
    lines = []
    for words in group:
        indices = np.array([index_of[word] for word in (start, *words, end)], dtype=np.int64)
        lines.append(_Line(indices, vocabulary.encode([SENTENCE_START, *words, SENTENCE_END]).astype(np.int64)))
    return torch.cat(vectors), lines


@torch.no_grad()
def _read_rows(
    bilm: BiLM,
    softmax: OutputLayer,
    vectors: Tensor,
    ways: tuple[Sequence[_Line], Sequence[_Line]],
    rows: Sequence[Sequence[int]],
    state: BiLMState | None,
    max_positions: int,
) -> tuple[NDArray[np.float64], BiLMState | None]:
    """Both directions read rows of lines, each row one line after the other.

    Args:
        vectors: float (words, P), the token layer.
        ways: the lines as the forward and as the backward LM reads them.
        rows: indices of the lines of each row.
        state: before the rows; None: that before any text.
    Returns:
        sums of nats float64 (2, lines), in the order of `rows`, and the state after them.
    """
    spans = [[len(ways[0][i].ids) - 1 for i in row] for row in rows]
    lengths = np.array([sum(span) for span in spans])
    B, T = len(rows), int(lengths.max())
    mask = np.arange(T) < lengths[:, None]  # (B, T)
    words = np.zeros((2, B, T), dtype=np.int64)  # what is read
    ids = np.zeros((2, B, T), dtype=np.int64)  # what is predicted there
    for direction, lines in enumerate(ways):
        words[direction][mask] = np.concatenate([lines[i].spelled[:-1] for row in rows for i in row])
        ids[direction][mask] = np.concatenate([lines[i].ids[1:] for row in rows for i in row])
    nats = np.zeros((2, B, T))
    # An encoder that hands no state on knows nothing of the piece before: it reads a row whole, however long.
    window = max(1, max_positions // B) if bilm.config.encoder.has_state else T
    for t in range(0, T, window):
        here = slice(t, t + window)
        tokens = vectors[torch.from_numpy(words[:, :, here]).to(vectors.device)]  # (2, B, window, P)
        is_token = torch.from_numpy(mask[:, here]).to(vectors.device)  # (B, window)
        ahead, behind, state = bilm.both_directions(tokens[0], already_reversed(tokens[1]), is_token, state)
        targets = torch.from_numpy(ids[:, :, here]).to(vectors.device)
        for direction, top in enumerate((ahead[-1], behind[-1])):
            losses = softmax.nats(top[is_token], targets[direction][is_token])
            nats[direction, :, here][mask[:, here]] = losses.cpu().numpy()
    starts = np.cumsum([0, *(n for span in spans for n in span)])[:-1]
    return np.add.reduceat(nats[:, mask], starts, axis=1), state


def measure_together(model: SavedModel, sentences: Sequence[Sequence[str]], ranks: Ranks) -> Perplexity:
    """`measure_perplexity`, each rank measuring its part of the sentences; every rank gets the whole."""
    own = sentences[ranks.rank :: ranks.n_ranks]
    sums = torch.zeros(4, dtype=torch.float64, device=ranks.device)
    if own:
        found = measure_perplexity(model, own)
        sums += sums.new_tensor([found.forward_nats, found.backward_nats, found.tokens, found.unknown])
    ranks.add_up([sums])
    forward, backward, tokens, unknown = sums.tolist()
    return Perplexity(forward, backward, int(tokens), int(unknown))
