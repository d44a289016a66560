"""Occurrences of words: sampled evenly, each the vector of its location."""

import math
from collections import Counter

import numpy as np
import pytest

from elmo.analysis.word_occurrences import embed_locations, sample_locations
from elmo.embed.embedder import Elmo
from elmo.text.sources.rows import Row
from elmo.text.tokens import Token


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def row(number, text):
    words = text.split()
    return Row(number + 1, [Token(word, 0, len(word)) for word in words])


def test_each_occurrence_is_drawn_as_often_as_another():
    rows = [row(i, "bank of bank") for i in range(10)]
    times = Counter()
    for seed in range(600):
        (locations,) = sample_locations(rows, ["bank"], 4, True, np.random.default_rng(seed)).values()
        assert len(set(locations)) == 4
        assert locations == sorted(locations)
        times.update((p.row, p.token) for p in locations)
    assert len(times) == 20
    assert all(abs(n - 120) < 4 * math.sqrt(600 * 0.2 * 0.8) for n in times.values())


@pytest.mark.filterwarnings("ignore:.*of this text")
def test_occurrences_are_the_vectors_of_their_locations():
    from conftest import small_model

    elmo = Elmo(small_model(scale=1.5))
    texts = ["the bank of the river", "money", "The Bank lends money", "river"]
    rows = [row(i, text) for i, text in enumerate(texts)]
    sampled = sample_locations(rows, ["bank", "money"], 10, True, np.random.default_rng(0))
    found = embed_locations(elmo, lambda: rows, sampled, "top")
    whole = elmo.embed([text.split() for text in texts], layers="top")
    assert [(p.row, p.token, p.line) for p in found["bank"].locations] == [(0, 1, 1), (2, 1, 3)]
    expected = np.stack([whole[0][1], whole[2][1]])
    assert np.allclose(found["bank"].vectors, unit(expected), atol=1e-5)
    assert found["money"].vectors.shape == (2, elmo.width)
