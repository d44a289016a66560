"""Typing errors change the given fraction of the words, one error a word, and never the number of words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.typing_errors import misspell, mistyped

TEXT = [["The", "rivers", "run", "to", "a", "sea", "."], [], ["aaa", "bb", "2026", "1st"], ["北京", "Ünder"]] * 25


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.37, 1.0])
def test_exactly_the_fraction_is_changed_and_no_word_is_lost(fraction):
    typed = misspell(TEXT, fraction, seed=5)
    assert [len(words) for words in typed] == [len(words) for words in TEXT]
    pairs = [(a, b) for x, y in zip(TEXT, typed, strict=True) for a, b in zip(x, y, strict=True)]
    long = [a for a, _ in pairs if sum(map(str.isalpha, a)) > 1]
    assert sum(a != b for a, b in pairs) == round(fraction * len(long))
    assert all(a == b for a, b in pairs if a in ("a", ".", "2026"))


def test_the_seed_decides():
    assert misspell(TEXT, 0.2, seed=1) == misspell(TEXT, 0.2, seed=1) != misspell(TEXT, 0.2, seed=2)


@given(st.text(st.characters(categories=["L"], codec="utf-8"), min_size=2, max_size=9), st.integers(0, 99))
def test_an_error_is_one_letter_and_leaves_a_word(word, seed):
    typed = mistyped(word, np.random.default_rng(seed))
    assert typed != word
    assert abs(len(typed) - len(word)) <= 1
    assert typed.strip()
    if len(typed) == len(word):
        assert sum(a != b for a, b in zip(word, typed, strict=True)) <= 2
    kept = max(word, typed, key=len)
    short = min(word, typed, key=len)
    assert len(kept) == len(short) or any(kept[:i] + kept[i + 1 :] == short for i in range(len(kept)))
