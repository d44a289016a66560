"""START HERE: the cross-entropies of a text with a cache, with dynamic evaluation and with both, in both directions.

Each direction reads the text once with the trained weights, for the figure with the cache, and once with weights of its own that
change, for that of dynamic evaluation and that of both; there the states in the cache are those of the weights of their time.
The directions share nothing: each changes its own copy of the token layer and the softmax. The model that is handed in is not
changed.

The cache and the weights are never reset within a text. The state of the encoder is zero at the start of each sentence, or
carried from sentence to sentence in the order in which the direction reads; of the backward LM that is from the last sentence to
the first (`one_direction.py`), other than for the plain carried figure of `perplexity.py`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.neural_cache import (
    CacheConfig,
    CachedStates,
    cache_probabilities,
    empty_cache,
    interpolated_nats,
)
from elmo.embed.language_model.surprisal import MAX_POSITIONS, CarryOrZero, token_groups
from elmo.errors import ConfigError
from elmo.train.long_memory.dynamic_evaluation import GradientSquares, step_sizes, take_step
from elmo.train.long_memory.one_direction import OneDirection, Piece
from elmo.train.long_memory.settings import DynamicConfig, LongMemoryConfig
from elmo.train.long_memory.spooled_sentences import SpooledSentences

Sums = dict[str, float]  # nats by the name of the figure: "cache", "dynamic", "dynamic_cache"


def nats_with_memory(
    model: SavedModel,
    text: SpooledSentences,
    state: CarryOrZero,
    config: LongMemoryConfig,
    squares: Sequence[GradientSquares] | None = None,
    report: Callable[[int], None] = lambda n_tokens: None,
) -> tuple[Sums, Sums]:
    """The nats of a text, summed over its tokens, by the name of the figure, of the forward and of the backward direction.

    Args:
        squares: of the gradients on another text, of both directions; None: those of the text read so far.
        report: called with the number of tokens that were read by one direction.
    Raises:
        CheckpointError: the model has no softmax. ConfigError: its encoder has no state to carry, or a loss is not finite.
    """
    forward, backward = (
        _of_one_direction(model, text, way, state, config, None if squares is None else squares[way], report)
        for way in (False, True)
    )
    return forward, backward


def _of_one_direction(
    model: SavedModel,
    text: SpooledSentences,
    backward: bool,
    state: CarryOrZero,
    config: LongMemoryConfig,
    squares: GradientSquares | None,
    report: Callable[[int], None],
) -> Sums:
    sums: Sums = defaultdict(float)
    if config.cache is not None:
        cache = _Cache(config.cache)
        for piece in trained_pieces(model, text.read(backward), backward, state):
            sums["cache"] += cache.nats(piece)
            report(len(piece.targets))
    if config.dynamic is not None:
        beside = None if config.cache is None else _Cache(config.cache)
        for piece in adapted_pieces(model, text.read(backward), backward, state, config.dynamic, squares):
            sums["dynamic"] += float(piece.nats.sum())
            if beside is not None:
                sums["dynamic_cache"] += beside.nats(piece)
            report(len(piece.targets))
    return sums


class _Cache:
    """A cache that reads piece after piece."""

    def __init__(self, config: CacheConfig) -> None:
        self._config = config
        self._cached: CachedStates | None = None

    def nats(self, piece: Piece) -> float:
        """The nats of the piece, summed; then it is in the cache."""
        cached = empty_cache(piece.states) if self._cached is None else self._cached
        size, theta, weight = self._config.size, self._config.theta, self._config.weight
        (found,), self._cached = cache_probabilities(cached, piece.states, piece.targets, size, [theta])
        return float(interpolated_nats(piece.nats, found, weight).sum())


def trained_pieces(
    model: SavedModel, sentences: Iterable[Sequence[str]], backward: bool, state: CarryOrZero
) -> Iterator[Piece]:
    """What one direction reads with the trained weights; sentences in the order in which it reads them."""
    direction = OneDirection(model, backward, state)
    if state == "carry":
        for words in sentences:
            yield from direction.read(words)
        return
    for group in token_groups(sentences, MAX_POSITIONS):
        if sum(map(len, group)) > MAX_POSITIONS:  # one long sentence
            yield from direction.read(group[0])
        else:
            yield from direction.read_together(group)


def adapted_pieces(
    model: SavedModel,
    sentences: Iterable[Sequence[str]],
    backward: bool,
    state: CarryOrZero,
    settings: DynamicConfig,
    squares: GradientSquares | None = None,
) -> Iterator[Piece]:
    """What one direction reads with weights that take a step after each segment, see `dynamic_evaluation.py`.

    Raises:
        ConfigError: a loss is not finite, because the steps are too large.
    """
    direction = OneDirection(model, backward, state, learns=True)
    weights = direction.weights()
    trained = [p.detach() for p in OneDirection(model, backward, state).weights()]
    so_far = GradientSquares()
    sizes = None if squares is None else step_sizes(squares.root(), settings)
    for words in sentences:
        for piece in direction.read(words, settings.segment):
            if not bool(piece.losses.isfinite().all()):
                raise ConfigError(
                    f"dynamic evaluation: with learning_rate {settings.learning_rate:g} the loss is no longer finite; "
                    "lower dynamic.learning_rate"
                )
            yield piece
            gradients = torch.autograd.grad(piece.losses.mean(), weights, materialize_grads=True, allow_unused=True)
            if squares is None:
                so_far.add(gradients)
                sizes = step_sizes(so_far.root(), settings)
            assert sizes is not None
            take_step(weights, gradients, trained, sizes)


def gradient_squares(
    model: SavedModel, sentences: Iterable[Sequence[str]], backward: bool, state: CarryOrZero, settings: DynamicConfig
) -> GradientSquares:
    """The squared gradients of the segments of a text at the trained weights, of one direction."""
    direction = OneDirection(model, backward, state, learns=True)
    weights, squares = direction.weights(), GradientSquares()
    for words in sentences:
        for piece in direction.read(words, settings.segment):
            squares.add(torch.autograd.grad(piece.losses.mean(), weights, materialize_grads=True, allow_unused=True))
    return squares
