"""Examples -> batches, the input of a task model."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.tasks.config import InputConfig
from elmo.tasks.data.static_words import UNKNOWN_ROW, StaticWords
from elmo.tasks.examples import Example
from elmo.text.words.characters import encode_words

PADDING, UNKNOWN = 0, 1  # ids of words
MOST_PAIRS = 2**23  # of tokens in a batch

Layers = NDArray[np.float16] | NDArray[np.float32]  # (L, T, D) of one example
LayersOf = Callable[[int], Layers]  # the number of an example -> its layers


@dataclass(frozen=True)
class Batch:
    """A batch of examples, in the given order."""

    examples: Sequence[Example]
    mask: Tensor  # bool (B, T), True = token
    word_ids: Tensor  # int64 (B, T), of the task's own words, lowercased
    char_ids: Tensor  # int64 (N, C), of the different words
    spelled: Tensor  # int64 (B, T), row of `char_ids`; padding has that of the first
    layers: Tensor | None  # float32 (B, L, T, D), padding 0; None: a baseline
    static_ids: Tensor | None = None  # int64 (B, T), rows of the static vectors; None: there are none
    other: "Batch | None" = None  # the second texts


class TableSizes(NamedTuple):
    """The sizes of the word embedding tables of a task."""

    own: int  # rows, padding and the unknown word included
    static: tuple[int, int] | None = None  # rows, numbers of a row; None: no static vectors


class Words:
    """The words with learned vectors in a task.

    Args:
        static: those that it knows by a static vector; None: none.
    """

    def __init__(self, words: Sequence[str], static: StaticWords | None = None) -> None:
        self.words, self.static = list(words), static
        self._ids = {word: number for number, word in enumerate(self.words, UNKNOWN + 1)}

    @classmethod
    def of(cls, examples: Iterable[Example], config: InputConfig, static: StaticWords | None = None) -> "Words":
        """The frequent words of training examples, most frequent first."""
        counts = Counter(token.text.lower() for example in examples for token in example.tokens)
        return cls([word for word, n in counts.most_common() if n >= config.min_count and "\n" not in word], static)

    @property
    def sizes(self) -> TableSizes:
        """The sizes of the tables of these words."""
        n_static = 0 if self.static is None else len(self.static.words)
        static = None if self.static is None else (n_static + UNKNOWN_ROW + 1, self.static.width)
        return TableSizes(len(self.words) + UNKNOWN + 1, static)

    def ids(self, tokens: Sequence[str]) -> list[int]:
        """The ids of tokens."""
        return [self._ids.get(token.lower(), UNKNOWN) for token in tokens]


def make_batch(
    examples: Sequence[Example], layers: Sequence[Layers] | None, words: Words, config: InputConfig
) -> Batch:
    """Collate examples.

    Args:
        layers: of each example; None: a baseline.
    """
    lengths = [len(example.tokens) for example in examples]
    B, T = len(examples), max(lengths)
    word_ids = np.full((B, T), PADDING, dtype=np.int64)
    spelled = np.zeros((B, T), dtype=np.int64)
    static_ids = None if words.static is None else torch.full((B, T), PADDING)
    rows: dict[str, int] = {}
    for b, example in enumerate(examples):
        tokens = [token.text for token in example.tokens]
        word_ids[b, : len(tokens)] = words.ids(tokens)
        if words.static is not None and static_ids is not None:
            static_ids[b, : len(tokens)] = torch.tensor(words.static.ids(tokens))
        spelled[b, : len(tokens)] = [rows.setdefault(token, len(rows)) for token in tokens]
    mask = torch.arange(T) < torch.tensor(lengths)[:, None]  # (B, T)
    char_ids = encode_words(list(rows), config.max_characters)  # (N, C)
    return Batch(
        examples,
        mask,
        torch.from_numpy(word_ids),
        torch.from_numpy(char_ids),
        torch.from_numpy(spelled),
        _padded(layers, T),
        static_ids,
    )


def _padded(layers: Sequence[Layers] | None, T: int) -> Tensor | None:
    if layers is None:
        return None
    L, _, D = layers[0].shape
    padded = torch.zeros(len(layers), L, T, D)  # (B, L, T, D)
    for row, x in zip(padded, layers, strict=True):
        row[:, : x.shape[1]] = torch.from_numpy(x.astype(np.float32))
    return padded


def shuffled_batches(lengths: Sequence[int], batch_size: int, rng: np.random.Generator) -> list[list[int]]:
    """Indices of examples in batches of similar length, in random order; every example once."""
    jitter = np.asarray(lengths) * rng.uniform(0.9, 1.1, len(lengths))
    batches = _cut(np.argsort(jitter, kind="stable").tolist(), lengths, batch_size)
    return [batches[i] for i in rng.permutation(len(batches))]


def ordered_batches(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Indices of examples in batches by decreasing length."""
    return _cut(np.argsort(-np.asarray(lengths), kind="stable").tolist(), lengths, batch_size)


def _cut(order: Sequence[int], lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """An order split into batches; with fewer examples where a matrix of tokens by tokens would fill the memory."""
    batches: list[list[int]] = []
    longest = 0
    for number in order:
        longest = max(longest, lengths[number])
        if not batches or len(batches[-1]) == batch_size or (len(batches[-1]) + 1) * longest**2 > MOST_PAIRS:
            batches.append([])
            longest = lengths[number]
        batches[-1].append(number)
    return batches
