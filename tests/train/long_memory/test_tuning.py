"""Settings chosen on a validation text: every combination is measured as it is on a text, and the best is kept."""

import math

import pytest
import torch

from conftest import small_model
from elmo.embed.language_model.neural_cache import CacheConfig
from elmo.train.long_memory.reading import gradient_squares, nats_with_memory
from elmo.train.long_memory.settings import DynamicConfig, GridConfig, LongMemoryConfig
from elmo.train.long_memory.spooled_sentences import spooled
from elmo.train.long_memory.tuning import Trial, tuned_on

SENTENCES = [["the", "river", "bank", "."], ["unheard", "money"], ["bank", "lends", "money"]] * 6
GRID = GridConfig(theta=(0.0, 0.5), weight=(0.01, 0.4), learning_rate=(1e-4, 3e-3, 1e30), decay=(0.0, 0.1))
N_TOKENS = sum(len(words) + 1 for words in SENTENCES)


@pytest.fixture
def tuned():
    model, trials = small_model(scale=1.0), []
    config = LongMemoryConfig(cache=CacheConfig(size=9), dynamic=DynamicConfig(segment=3), grid=GRID)
    with spooled(SENTENCES) as text, spooled(SENTENCES[::2]) as statistics:
        found = tuned_on(model, text, N_TOKENS, "zero", config, statistics, trials.append)
        yield model, text, found, trials


def test_every_combination_is_shown_with_the_perplexity_it_has(tuned):
    model, text, (config, squares), trials = tuned
    assert [trial.settings for trial in trials] == [
        *({"theta": theta, "weight": weight} for theta in GRID.theta for weight in GRID.weight),
        *({"learning_rate": rate, "decay": decay} for rate in GRID.learning_rate for decay in GRID.decay),
    ]
    for trial in trials:
        part = "cache" if "theta" in trial.settings else "dynamic"
        own = getattr(config, part).model_copy(update=trial.settings)
        if own.model_dump().get("learning_rate") == 1e30:
            assert trial.perplexity == math.inf
            continue
        sums = nats_with_memory(model, text, "zero", LongMemoryConfig(**{part: own}), squares)
        assert trial.perplexity == pytest.approx(math.exp(sum(one[part] for one in sums) / (2 * N_TOKENS)), rel=1e-6)


def test_the_squares_are_those_of_the_other_text(tuned):
    model, _, (config, squares), _ = tuned
    for way in (False, True):
        with spooled(SENTENCES[::2]) as statistics:
            expected = gradient_squares(model, statistics.read(way), way, "zero", config.dynamic)
        assert squares[way].n_segments == expected.n_segments
        assert all(torch.equal(a, b) for a, b in zip(squares[way].sums, expected.sums, strict=True))


def test_the_best_of_each_part_is_kept(tuned):
    _, _, (config, _), trials = tuned
    for part, some in ((config.cache, trials[:4]), (config.dynamic, trials[4:])):
        best = min(some, key=lambda trial: trial.perplexity)
        assert {name: getattr(part, name) for name in best.settings} == best.settings
    assert (config.cache.size, config.dynamic.segment, config.grid) == (9, 3, GRID)


def test_a_combination_is_one_line():
    assert str(Trial({"theta": 0.3, "weight": 0.05}, 12.3456)) == "theta 0.3  weight 0.05  perplexity 12.346"
