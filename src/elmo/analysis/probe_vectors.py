"""Sources of token vectors for probes, each in one or several views.

A source gives P parts per token, each of D numbers. A view is the mean of some parts, or a concatenation of such means. So the
layers of a model are computed once for all views.
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
from elmo.text.sources.rows import Row
from elmo.text.tokens import Token

Words = Sequence[str]
Parts = NDArray[Any]  # float (P, N, D)


class View(NamedTuple):
    """One choice of vector for a token."""

    system: str  # the system that it belongs to; of its views the best is chosen
    name: str
    parts: tuple[tuple[int, ...], ...]  # groups of parts; the means of the groups are concatenated

    def of(self, parts: Parts) -> NDArray[np.float32]:
        """Float (P, N, D) -> float32 (N, D * groups)."""
        means = [parts[list(group)].astype(np.float32).mean(axis=0) for group in self.parts]
        found: NDArray[np.float32] = np.concatenate(means, axis=1)
        return found

    def around(self, first: int) -> tuple["View", "View"]:
        """The same view of the context words, whose parts begin at `first`; and the token concatenated with it."""
        theirs = tuple(tuple(first + part for part in group) for group in self.parts)
        name = f"{self.name}, context"
        return View(self.system, name, theirs), View(self.system, f"{self.name} and context", (*self.parts, *theirs))


class TokenVectors(Protocol):
    """A source of token vectors.

    Attributes:
        name: in tables. views: of a token. pooled_views: views that can be averaged over a sentence or over occurrences.
        bags: averages over the sentence of a word, without word order. pair_views: for comparing two occurrences of a word: the
            word, its context, both.
    """

    name: str
    views: tuple[View, ...]
    pooled_views: tuple[View, ...]
    bags: tuple[View, ...]
    pair_views: tuple[View, ...]

    def stream(self, sentences: Iterable[Words], around: bool = False) -> Iterator[NDArray[np.float32]]:
        """The parts of all tokens, sentence by sentence: float32 (P, T, D).

        Args:
            around: include the parts that only `pair_views` need.
        """
        ...


class ElmoVectors:
    """The layers of an ELMo and their mean; and the token layer averaged over the sentence, without word order."""

    def __init__(self, elmo: Elmo, name: str) -> None:
        self.name, self._elmo = name, elmo
        L = elmo.n_layers
        layers = tuple(View(name, f"layer {i}", ((i,),)) for i in range(L))
        self.views: tuple[View, ...] = (*layers, View(name, "mean", (tuple(range(L)),)))
        self.pooled_views: tuple[View, ...] = self.views
        self.bags: tuple[View, ...] = (View(f"{name}, token layer averaged", "sentence", ((L,),)),)
        self.pair_views: tuple[View, ...] = tuple(v for own in self.views for v in (own, *own.around(L + 1)))

    def stream(self, sentences: Iterable[Words], around: bool = False) -> Iterator[NDArray[np.float32]]:
        """Layers 0 to L - 1, the mean of layer 0 over the sentence, then the contexts of all layers: float32 (P, T, D)."""
        rows = (Row(i, [Token(word, 0, len(word)) for word in words]) for i, words in enumerate(sentences))
        for _, layers in embed_rows(self._elmo, rows, "all"):  # (L, T, D)
            whole = np.broadcast_to(layers[:1].mean(axis=1, keepdims=True), (1, *layers.shape[1:]))
            known = np.ones(layers.shape[1], bool)
            contexts = [context_means(layer, known)[None] for layer in layers] if around else []
            yield np.concatenate([layers, whole, *contexts])


class StaticTokens:
    """Static vectors: the word, the mean of its context words, both concatenated."""

    def __init__(self, static: StaticVectors, name: str) -> None:
        self.name, self._static = name, static
        word = View(name, "word", ((0,),))
        self.pooled_views: tuple[View, ...] = (word,)
        context, both = word.around(1)
        self.views: tuple[View, ...] = (word, context._replace(name="context"), both)
        self.bags: tuple[View, ...] = ()
        self.pair_views: tuple[View, ...] = self.views

    def stream(self, sentences: Iterable[Words], around: bool = False) -> Iterator[NDArray[np.float32]]:
        """Word, then context: float32 (2, T, D)."""
        for words in sentences:
            vectors, known = self._static.of(words)
            yield np.stack([vectors, context_means(vectors, known)])


def random_elmo(elmo: Elmo, seed: int = 0) -> Elmo:
    """A model of the same shape with random weights; it reads the same characters and words."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        bilm = BiLM(elmo.model.config.bilm)
    model = SavedModel(elmo.model.config, bilm.eval(), lexicon=elmo.model.lexicon)
    return Elmo(model, elmo.dtype)


def embed_tokens(
    source: TokenVectors, sentences: Sequence[Words], positions: Sequence[int] | None = None, around: bool = False
) -> Parts:
    """The parts of tokens, concatenated: float16 (P, N, D).

    Args:
        positions: the wanted token of each sentence; None: all tokens. around: see `TokenVectors.stream`.
    """
    n = sum(map(len, sentences)) if positions is None else len(sentences)
    found: Parts | None = None
    at = 0
    for number, parts in enumerate(source.stream(sentences, around)):
        chosen = parts if positions is None else parts[:, positions[number] : positions[number] + 1]
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
