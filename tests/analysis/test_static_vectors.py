"""Static vectors: read from files as they were written, composed of subwords as fastText does, averaged around a word."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elmo.analysis.static_vectors import StaticVectors, Subwords, context_means, fnv_hash

WORDS = ["the", "river", "日本"]
VECTORS = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
BUCKETS = 7


@given(st.integers(0, 9), st.integers(1, 4), st.integers(0, 99))
def test_the_context_is_the_mean_of_the_known_words_around(T, reach, seed):
    rng = np.random.default_rng(seed)
    known = rng.random(T) < 0.7
    vectors = rng.normal(size=(T, 3)).astype(np.float32) * known[:, None]
    expected = np.zeros((T, 3))
    for t in range(T):
        around = [vectors[u] for u in range(max(0, t - reach), min(T, t + reach + 1)) if u != t and known[u]]
        if around:
            expected[t] = np.mean(around, axis=0)
    np.testing.assert_allclose(context_means(vectors, known, reach), expected, atol=1e-5)


def test_hashes_are_those_of_fasttext():
    # FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv: "a" and "foobar"; bytes above 127 are negative in fastText
    assert fnv_hash("a") == 0xE40C292C
    assert fnv_hash("foobar") == 0xBF9CF968
    assert fnv_hash("é") == (((2166136261 ^ 0xFFFFFFC3) * 16777619 & 0xFFFFFFFF) ^ 0xFFFFFFA9) * 16777619 & 0xFFFFFFFF


def test_words_are_looked_up_in_the_case_that_the_file_has():
    assert StaticVectors(["the"], VECTORS[:1]).of(["The"])[1].all()
    assert not StaticVectors(["the", "US"], VECTORS[:2]).of(["The"])[1].any()
    assert Subwords(1, 2, VECTORS).rows_of("a") == [fnv_hash(g) % 3 for g in ("<a", "a", "a>")]
