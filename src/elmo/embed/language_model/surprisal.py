"""How well each token of a sentence is predicted: the nats of both directions, over the whole vocabulary.

Every word and one sentence mark (forward predicts `</S>`, backward `<S>`) is predicted once; words outside the vocabulary, and a
literal `<unk>`, are `<UNK>`, whose spelling is charged apart (`unknown_words.py`). `train.perplexity` sums what is found here, by
the rules of state that are explained there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.unknown_words import spelling_of_each
from elmo.errors import CheckpointError, ConfigError
from elmo.model.bilm import BiLM, already_reversed
from elmo.model.encoders.state import BiLMState
from elmo.model.output.adaptive_softmax import OutputLayer
from elmo.text.batches import length_batches
from elmo.text.words.characters import SENTENCE_END, SENTENCE_START
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import WordEncoder

CarryOrZero = Literal["zero", "carry"]

GROUP_TOKENS = 2**18  # tokens of the sentences that are read, spelled and sorted by length together
MAX_POSITIONS = 4096  # rows x tokens that each direction reads at once
WORDS_AT_ONCE = 512  # words in the char CNN at once


class TokenNats(NamedTuple):
    """The cost of each token of a sentence of n tokens, in nats, as each direction reads it."""

    forward: NDArray[np.float64]  # (n + 1,): the tokens, then `</S>`
    backward: NDArray[np.float64]  # (n + 1,): the tokens from the last to the first, then `<S>`
    spelling_bits: NDArray[np.int64]  # (n,): what an unknown token is charged besides, in bits; 0 for all others

    @property
    def n_unknown(self) -> int:
        """Number of tokens that are `<UNK>`."""
        return int(np.count_nonzero(self.spelling_bits))


class _Line(NamedTuple):
    """A sentence with its boundaries as one direction reads it: int64 (tokens + 2,) each."""

    spelled: NDArray[np.int64]  # indices of its words in the vectors
    ids: NDArray[np.int64]  # of the vocabulary

    def reversed(self) -> "_Line":
        return _Line(self.spelled[::-1], self.ids[::-1])


def nats_of_each(
    model: SavedModel,
    sentences: Iterable[Sequence[str]],
    state: CarryOrZero = "zero",
    report: Callable[[int], None] | None = None,
    *,
    group_tokens: int = GROUP_TOKENS,
    max_positions: int = MAX_POSITIONS,
) -> Iterator[TokenNats]:
    """The costs of the tokens of each sentence, in order; sentences are taken from a stream as they are needed.

    Args:
        model: with softmax and vocabulary.
        sentences: tokenized.
        state: "zero" at the start of each sentence, or "carry": one row, sentence after sentence.
        report: called after each batch with its number of tokens.
        group_tokens: tokens of the sentences held at once. max_positions: rows x tokens read at once, of a long row too. Both
            change memory and speed, not the result.
    Raises:
        CheckpointError: the model has no softmax. ConfigError: its encoder has no state to carry.
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
    for group in token_groups(sentences, at_once):
        vectors, lines = _spell(bilm, model.word_encoder, vocabulary, group)
        if state == "carry":
            batches = [[list(range(len(group)))]]
        else:
            lengths = [len(words) for words in group]
            batches = [
                [[i] for i in some] for some in length_batches(lengths, max_rows=256, max_positions=max_positions)
            ]
        ways = (lines, [line.reversed() for line in lines])
        nats = [np.zeros((2, 0))] * len(group)
        for rows in batches:
            before = carried if state == "carry" else None
            found, carried = _read_rows(bilm, softmax, vectors, ways, rows, before, max_positions)
            numbers = [i for row in rows for i in row]
            for i, own in zip(numbers, found, strict=True):
                nats[i] = own
            if report is not None:
                report(sum(len(group[i]) + 1 for i in numbers))
        for words, line, (forward, backward) in zip(group, lines, nats, strict=True):
            yield TokenNats(forward, backward, spelling_of_each(words, line.ids[1:-1] == vocabulary.unknown_id))


def token_groups(sentences: Iterable[Sequence[str]], max_tokens: int) -> Iterator[list[Sequence[str]]]:
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
) -> tuple[list[NDArray[np.float64]], BiLMState | None]:
    """Both directions read rows of lines, each row one line after the other.

    Args:
        vectors: float (words, P), the token layer.
        ways: the lines as the forward and as the backward LM reads them.
        rows: indices of the lines of each row.
        state: before the rows; None: that before any text.
    Returns:
        the nats of each line, float64 (2, tokens + 1), in the order of `rows`, and the state after them.
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
    ends = np.cumsum([n for span in spans for n in span])[:-1]
    return np.split(nats[:, mask], ends, axis=1), state
