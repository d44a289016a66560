"""What is probed: anything that gives tokens vectors, in one or several views.

A source lays down P parts of a token, all D wide; a view is the mean of some parts, or some side by side. So the layers of a
model are computed once for all views.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from elmo.analysis.static_vectors import StaticVectors, context_means
from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.embedder import Elmo
from elmo.embed.row_stream import embed_rows
from elmo.model.bilm import BiLM
from elmo.text.rows import Row
from elmo.text.tokens import Token

Words = Sequence[str]
Parts = NDArray[Any]  # float (P, N, D)


class View(NamedTuple):
    """One way to see a token."""

    system: str  # whose: of several views of one system the best is chosen
    name: str
    parts: tuple[int, ...]
    joined: bool = False  # side by side; else their mean

    def of(self, parts: Parts) -> NDArray[np.float32]:
        """Float (P, N, D) -> float32 (N, D), or (N, D * parts) if joined."""
        chosen = parts[list(self.parts)].astype(np.float32)
        found: NDArray[np.float32] = np.concatenate(list(chosen), axis=1) if self.joined else chosen.mean(axis=0)
        return found


class TokenVectors(Protocol):
    """Something that gives tokens vectors.

    Attributes:
        name: in tables. views: of a token. pooled_views: those whose mean makes sense, over a sentence or the places of a word.
        bags: what else the sentence around a word says, without its order.
    """

    name: str
    views: tuple[View, ...]
    pooled_views: tuple[View, ...]
    bags: tuple[View, ...]

    def stream(self, sentences: Iterable[Words]) -> Iterator[NDArray[np.float32]]:
        """The parts of all tokens, sentence by sentence: float32 (P, T, D)."""
        ...


class ElmoVectors:
    """The layers of an ELMo and their mean; beside them the token layer averaged over the sentence, which knows no order."""

    def __init__(self, elmo: Elmo, name: str) -> None:
        self.name, self._elmo = name, elmo
        L = elmo.n_layers
        layers = tuple(View(name, f"layer {i}", (i,)) for i in range(L))
        self.views: tuple[View, ...] = (*layers, View(name, "mean", tuple(range(L))))
        self.pooled_views = self.views
        self.bags: tuple[View, ...] = (View(f"{name}, token layer averaged", "sentence", (L,)),)

    def stream(self, sentences: Iterable[Words]) -> Iterator[NDArray[np.float32]]:
        """Layers 0 to L - 1, then the mean of layer 0 over the sentence: float32 (L + 1, T, D)."""
        rows = (Row(i, [Token(word, 0, len(word)) for word in words]) for i, words in enumerate(sentences))
        for _, layers in embed_rows(self._elmo, rows, "all"):  # (L, T, D)
            whole = np.broadcast_to(layers[:1].mean(axis=1, keepdims=True), (1, *layers.shape[1:]))
            yield np.concatenate([layers, whole])


class StaticTokens:
    """Static vectors: the word, the mean of the words around it, both side by side."""

    def __init__(self, static: StaticVectors, name: str) -> None:
        self.name, self._static = name, static
        self.pooled_views: tuple[View, ...] = (View(name, "word", (0,)),)
        around = (View(name, "context", (1,)), View(name, "word and context", (0, 1), joined=True))
        self.views: tuple[View, ...] = (*self.pooled_views, *around)
        self.bags: tuple[View, ...] = ()

    def stream(self, sentences: Iterable[Words]) -> Iterator[NDArray[np.float32]]:
        """Word, then context: float32 (2, T, D)."""
        for words in sentences:
            vectors, known = self._static.of(words)
            yield np.stack([vectors, context_means(vectors, known)])


def random_elmo(elmo: Elmo, seed: int = 0) -> Elmo:
    """A model of the same shape that has learned nothing; it reads the same characters and words."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        bilm = BiLM(elmo.model.config.bilm)
    model = SavedModel(elmo.model.config, bilm.eval(), lexicon=elmo.model.lexicon)
    return Elmo(model, elmo.dtype)


def embed_tokens(source: TokenVectors, sentences: Sequence[Words], places: Sequence[int] | None = None) -> Parts:
    """The parts of tokens one after the other: float16 (P, N, D).

    Args:
        places: of each sentence the token that is wanted; None: all tokens.
    """
    n = sum(map(len, sentences)) if places is None else len(sentences)
    found: Parts | None = None
    at = 0
    for number, parts in enumerate(source.stream(sentences)):
        chosen = parts if places is None else parts[:, places[number] : places[number] + 1]
        if found is None:
            found = np.empty((len(parts), n, parts.shape[2]), np.float16)
        found[:, at : at + chosen.shape[1]] = chosen
        at += chosen.shape[1]
    assert found is not None, "no sentence"
    assert at == n
    return found


def embed_sentences(source: TokenVectors, sentences: Sequence[Words]) -> NDArray[np.float32]:
    """The mean over the tokens of each sentence: float32 (P, S, D)."""
    return np.stack([parts.mean(axis=1) for parts in source.stream(sentences)], axis=1)
