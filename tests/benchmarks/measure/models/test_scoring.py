"""The distribution that the benchmark of scores reads from the n-gram program is the one that the program measures by."""

import math

import numpy as np
import pytest

from benchmarks.measure.models.perplexity import KNESER_NEY
from benchmarks.measure.models.scoring import is_first, next_word, stream_of, tool

needs_program = pytest.mark.skipif(not KNESER_NEY.exists(), reason="needs the n-gram program in ../shared")


@needs_program
@pytest.mark.parametrize("backward", [False, True])
def test_the_probabilities_of_all_words_are_those_of_the_program(backward):
    rng = np.random.default_rng(0)
    train = [rng.integers(2, 12, rng.integers(1, 9)) for _ in range(300)]
    test = [rng.integers(2, 15, rng.integers(1, 9)) for _ in range(20)]
    model = tool().KneserNey(*stream_of(train, backward), 15, 5)
    nats = []
    for sentence in test:
        ids = [0, *(sentence[::-1] if backward else sentence), 1]
        for t in range(1, len(ids)):
            row = next_word(model, ids[:t])
            assert row[1:].sum() == pytest.approx(
                1, abs=0.02
            )  # the program spreads the rest over words that never come, too
            nats.append(-math.log(row[ids[t]]))
    perplexity, n = model.perplexity(*stream_of(test, backward))
    assert n == len(nats)
    assert math.exp(sum(nats) / n) == pytest.approx(perplexity, rel=1e-9)


def test_specials_do_not_take_the_places_of_words():
    scores = np.array([9.0, 9.0, 9.0, *range(12)])
    assert is_first(scores, 14, [0, 1, 2])
    assert is_first(scores, 5, [0, 1, 2])
    assert not is_first(scores, 4, [0, 1, 2])
