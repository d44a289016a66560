"""BM25 of the index is that of the formula; it is the same after it was saved; terms are stems without stop words."""

import math
from collections import Counter

import numpy as np
import pytest

from elmo.answers.lexical import K1, B, LexicalIndex
from elmo.answers.terms import likely_language, stop_words_of, terms_by
from elmo.errors import CheckpointError, ConfigError

ENTRIES = [["bank", "river"], ["bank", "bank", "money", "town"], [], ["town"]]


def bm25(terms, entry):
    """Robertson et al. 1994, with the idf of Lucene."""
    mean = sum(map(len, ENTRIES)) / len(ENTRIES)
    total = 0.0
    for term in terms:
        n = sum(term in one for one in ENTRIES)
        f = entry.count(term)
        idf = math.log(1 + (len(ENTRIES) - n + 0.5) / (n + 0.5))
        total += idf * f / (f + K1 * (1 - B + B * len(entry) / mean))
    return total


def test_scores_are_those_of_the_formula_and_stay_so(tmp_path):
    index = LexicalIndex.of(ENTRIES)
    index.save(tmp_path / "a")
    LexicalIndex.of(ENTRIES).save(tmp_path / "b")
    assert all(file.read_bytes() == (tmp_path / "b" / file.name).read_bytes() for file in (tmp_path / "a").iterdir())
    loaded = LexicalIndex.load(tmp_path / "a", 4)
    for terms in (["bank"], ["town", "money", "unknown"], ["unknown"], []):
        wanted = [bm25(terms, entry) for entry in ENTRIES]
        assert np.allclose(index.scores(terms), wanted, atol=1e-5)
        assert np.array_equal(loaded.scores(terms), index.scores(terms))
    assert loaded.idf("bank") == pytest.approx(math.log(1 + 2.5 / 2.5))
    assert loaded.idf("unknown") == loaded.idf("") == pytest.approx(math.log(1 + 4.5 / 0.5))
    with pytest.raises(CheckpointError, match=r"4 entries, kb.json says 5"):
        LexicalIndex.load(tmp_path / "a", 5)


def test_terms():
    words = "When does the Bank lend loans ? 银行 在".split()
    assert terms_by("en", True, True)(words) == ["bank", "lend", "loan", "银行", "在"]
    assert terms_by("en", False, True)(words) == ["bank", "lend", "loans", "银行", "在"]
    assert terms_by(None, True, True)(["The", "河", "岸", "."]) == ["the", "河", "岸", "河岸"]
    assert {"the", "when"} <= stop_words_of("en")
    assert terms_by("en", True, True)(["bank\ud800"]) == ["bank?"]
    with pytest.raises(ConfigError, match="language 'xx'"):
        terms_by("xx", True, True)


def test_the_language_is_that_of_most_stop_words():
    texts = {
        "en": "the bank of the river is in the town and it was green",
        "de": "die bank an dem ufer ist in der stadt und sie war grün",
        "fr": "la banque de la ville est dans la rue et elle est verte",
        None: "xyzzy plugh",
    }
    assert {name: likely_language(Counter(text.split())) for name, text in texts.items()} == {n: n for n in texts}
