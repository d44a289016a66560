"""Vectors of spans: those of the tokens that they touch, pooled."""

import random

import numpy as np
import pytest

from conftest import small_model
from elmo.embed.embedder import Elmo
from elmo.embed.spans import tokens_of_spans
from elmo.errors import ConfigError, TextError
from elmo.text.tokens import tokenize

TEXT = "Dr. Smith of the river bank, née Müller\u3000日本"


@pytest.fixture(scope="module")
def elmo():
    return Elmo(small_model())


@pytest.mark.filterwarnings("ignore:.*of this text")
@pytest.mark.parametrize("layers", ["mean", "all", 1])
@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_a_span_has_the_pooled_vectors_of_its_tokens(elmo, layers, pooling):
    words = ["the", "river", "bank", "of", "Paris"]
    by_tokens, nothing, by_characters = elmo.embed_spans(
        [words, "money", TEXT], [[(0, 1), (1, 3), (0, 5)], [], [(5, 20)]], layers, pooling
    )
    pool = np.mean if pooling == "mean" else np.max
    full = elmo.embed([words], layers)[0]
    for vector, (a, b) in zip(by_tokens, [(0, 1), (1, 3), (0, 5)], strict=True):
        assert np.allclose(vector, pool(full[..., a:b, :], axis=-2), atol=1e-5)
    assert nothing.shape == (0, *full.shape[:-2], full.shape[-1])
    touched = [i for i, t in enumerate(tokenize(TEXT)) if t.end > 5 and t.start < 20]
    expected = pool(elmo.embed([TEXT], layers)[0][..., touched, :], axis=-2)
    assert np.allclose(by_characters[0], expected, atol=1e-5)


def test_any_span_touches_the_tokens_that_share_a_character_with_it():
    tokens, rng = tokenize(TEXT), random.Random(0)
    for _ in range(500):
        start, end = sorted(rng.sample(range(len(TEXT) + 4), 2))
        expected = [i for i, t in enumerate(tokens) if max(t.start, start) < min(t.end, end)]
        if expected:
            assert tokens_of_spans(tokens, [(start, end)], "s") == [(expected[0], expected[-1] + 1)]
        else:
            with pytest.raises(TextError, match="covers no token"):
                tokens_of_spans(tokens, [(start, end)], "s")


@pytest.mark.parametrize(
    ("sentence", "spans", "message"),
    [
        ("a b", [[(1, 2)]], r"sentence 0, span \(1, 2\): covers no token"),
        ("a b", [[(2, 2)]], r"sentence 0, span \(2, 2\): expected 0 <= start < end"),
        ("a b", [[(-2, 1)]], r"span \(-2, 1\): expected 0 <= start < end"),
        (["a", "b"], [[(0, 3)]], r"span \(0, 3\): the sentence has 2 tokens"),
        ("a b", [[3]], "expected spans as pairs"),
        ("a b", [[(0, 1.5)]], "expected spans as pairs"),
        ("a b", [], "0 lists of spans for 1 sentences"),
    ],
)
def test_spans_that_cannot_be_are_reported(elmo, sentence, spans, message):
    with pytest.raises(TextError, match=message):
        elmo.embed_spans([sentence], spans)


def test_a_span_has_one_vector(elmo):
    with pytest.raises(ConfigError, match="a span has one vector"):
        elmo.embed_spans(["a"], [[(0, 1)]], pooling=None)
