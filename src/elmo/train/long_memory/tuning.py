"""Settings of long memory chosen on a validation text: every combination of a grid, the one of the lowest perplexity is kept."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.language_model.neural_cache import CacheConfig, cache_probabilities, empty_cache, interpolated_nats
from elmo.embed.language_model.surprisal import CarryOrZero
from elmo.errors import ConfigError
from elmo.train.long_memory.dynamic_evaluation import GradientSquares
from elmo.train.long_memory.reading import adapted_pieces, gradient_squares, trained_pieces
from elmo.train.long_memory.settings import DynamicConfig, GridConfig, LongMemoryConfig
from elmo.train.long_memory.spooled_sentences import SpooledSentences


class Trial(NamedTuple):
    """One combination with its perplexity on the validation text, mean of both directions."""

    settings: dict[str, float]
    perplexity: float

    def __str__(self) -> str:
        return "  ".join(
            [*(f"{name} {value:g}" for name, value in self.settings.items()), f"perplexity {self.perplexity:,.5g}"]
        )


class Tuned(NamedTuple):
    """The settings that were chosen, and the squared gradients of the other text, of both directions."""

    config: LongMemoryConfig
    squares: list[GradientSquares] | None  # None: without dynamic evaluation


def tuned_on(
    model: SavedModel,
    text: SpooledSentences,
    n_tokens: int,
    state: CarryOrZero,
    config: LongMemoryConfig,
    statistics: SpooledSentences,
    show: Callable[[Trial], None] = lambda trial: None,
) -> Tuned:
    """Choose the settings of the figures that are asked for, those of the cache and those of dynamic evaluation apart.

    Args:
        text: a validation text, never the one that is measured. n_tokens: that it has, boundaries counted once a sentence.
        statistics: a text whose gradients are squared; another one, since the steps on it are smaller than on a new text.
        show: called with each combination.
    """
    grid = config.grid
    cache, dynamic, squares = config.cache, config.dynamic, None
    if cache is not None:
        best = _best(_of_cache(model, text, n_tokens, state, cache, grid), show)
        cache = cache.model_copy(update=best)
    if dynamic is not None:
        squares = [gradient_squares(model, statistics.read(way), way, state, dynamic) for way in (False, True)]
        best = _best(_of_steps(model, text, n_tokens, state, dynamic, grid, squares), show)
        dynamic = dynamic.model_copy(update=best)
    return Tuned(config.model_copy(update={"cache": cache, "dynamic": dynamic}), squares)


def _best(trials: Iterator[Trial], show: Callable[[Trial], None]) -> dict[str, float]:
    found = []
    for trial in trials:
        show(trial)
        found.append(trial)
    return min(found, key=lambda trial: trial.perplexity).settings


def _of_cache(
    model: SavedModel, text: SpooledSentences, n_tokens: int, state: CarryOrZero, cache: CacheConfig, grid: GridConfig
) -> Iterator[Trial]:
    """All combinations of theta and lambda, from one reading of the text in each direction."""
    sums: dict[tuple[float, float], float] = defaultdict(float)
    for way in (False, True):
        cached = None
        for piece in trained_pieces(model, text.read(way), way, state):
            cached = empty_cache(piece.states) if cached is None else cached
            found, cached = cache_probabilities(cached, piece.states, piece.targets, cache.size, grid.theta)
            for (theta, probs), weight in product(zip(grid.theta, found, strict=True), grid.weight):
                sums[theta, weight] += float(interpolated_nats(piece.nats, probs, weight).sum())
    for (theta, weight), nats in sums.items():
        yield Trial({"theta": theta, "weight": weight}, math.exp(nats / (2 * n_tokens)))


def _of_steps(
    model: SavedModel,
    text: SpooledSentences,
    n_tokens: int,
    state: CarryOrZero,
    dynamic: DynamicConfig,
    grid: GridConfig,
    squares: list[GradientSquares],
) -> Iterator[Trial]:
    """All combinations of learning rate and decay, each with two readings of the text."""
    for learning_rate, decay in product(grid.learning_rate, grid.decay):
        chosen = {"learning_rate": learning_rate, "decay": decay}
        settings = dynamic.model_copy(update=chosen)
        try:
            nats = sum(
                float(piece.nats.sum())
                for way in (False, True)
                for piece in adapted_pieces(model, text.read(way), way, state, settings, squares[way])
            )
        except ConfigError:  # the steps are too large
            nats = math.inf
        rate = nats / (2 * n_tokens)
        yield Trial(chosen, math.exp(rate) if rate < 700 else math.inf)
