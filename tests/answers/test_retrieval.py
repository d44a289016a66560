"""Fused scores are those of the formula; the best entries are the best; coverage is a part of the question."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.answers.retrieval import best_entries, coverage, fuse


def test_the_formula():
    bm25, cosines = np.array([2.0, 0.0, 1.0], np.float32), np.array([0.1, 0.9, 0.2], np.float32)
    wanted = 0.7 * bm25 / 2 + 0.3 * (cosines - 0.4) / 0.5
    assert np.allclose(fuse(bm25, cosines, 0.3), wanted, atol=1e-6)
    assert fuse(np.zeros(3, np.float32), np.ones(3, np.float32), 0.3).tolist() == [0, 0, 0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 8))
def test_the_best_entries_in_their_order(scores, n):
    bm25 = np.array(scores, np.float32)
    found = best_entries(bm25, np.zeros(len(scores), np.float32), 0.0, n)
    order = sorted(range(len(scores)), key=lambda k: (-scores[k], k))[:n]
    assert [one.number for one in found] == order


def test_coverage():
    idf = {"a": 1.0, "b": 3.0}.__getitem__
    assert coverage(["a", "b", "b"], ["b", "c"], idf) == pytest.approx(0.75)
    assert coverage([], ["b"], idf) == 0
