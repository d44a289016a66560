from collections import Counter

import pytest

from elmo.text.survey.coverage import SIZES, Coverage, FrequentWords, oov_rate
from elmo.text.words.vocabulary import SPECIALS, Vocabulary


def zipf(n_types: int) -> Counter[str]:
    return Counter({f"w{i:05}": max(1, 20_000 // (i + 1)) for i in range(n_types)})


def test_the_rates_are_those_of_a_vocabulary_counted_on_the_rest():
    counts, held_back = Counter(a=5, b=3, c=2), Counter(a=2, c=1, new=1)
    frequent = FrequentWords(counts, 20, held_back, 6)  # ten and two more were forgotten
    assert frequent.sizes == [3]
    assert frequent.coverage(2) == Coverage(2, pytest.approx(12 / 20), pytest.approx(4 / 6))
    assert frequent.coverage(99) == Coverage(3, pytest.approx(10 / 20), pytest.approx(3 / 6))


def test_each_rate_equals_the_count_word_by_word():
    counts, held_back = zipf(6000), Counter({f"w{i:05}": 1 + i % 3 for i in range(0, 9000, 7)})
    frequent = FrequentWords(counts, counts.total(), held_back, held_back.total())
    assert frequent.sizes == [1000, 5000, 6000]
    for size in frequent.sizes:
        words = sorted(counts, key=lambda w: (-counts[w], w))[:size]
        vocabulary = Vocabulary([*SPECIALS, *words])
        assert frequent.coverage(size).own == pytest.approx(oov_rate(counts, counts.total(), vocabulary))
        assert frequent.coverage(size).held_back == pytest.approx(oov_rate(held_back, held_back.total(), vocabulary))


def test_a_literal_unk_is_no_word_that_is_missing():
    counts = Counter({"a": 3, "<unk>": 90, "b": 1})
    assert FrequentWords(counts, 94, Counter({"<unk>": 9, "a": 1}), 10).coverage(1) == Coverage(1, 0.25, 0)
    assert oov_rate(counts, counts.total(), Vocabulary([*SPECIALS, "a"])) == 0.25


def test_the_smallest_size_that_leaves_5_percent_is_suggested():
    counts = zipf(6000)
    frequent = FrequentWords(counts, counts.total(), counts, counts.total())
    rates = {size: frequent.coverage(size).held_back for size in (1000, 5000)}
    assert rates[1000] > 0.05 > rates[5000]
    assert frequent.suggested(at_least=1) == 5000
    assert frequent.suggested(at_least=5500) == 5500


def test_words_seen_twice_are_never_suggested():
    counts = Counter({f"w{i}": 3 if i < 1234 else 2 for i in range(60_000)})
    assert FrequentWords(counts, counts.total(), counts, counts.total()).suggested(at_least=30_000) == 1200
    assert FrequentWords(counts, counts.total(), Counter(new=9), 9).suggested(at_least=30_000) == 1200


def test_a_text_of_a_word_or_none_has_figures_too():
    assert FrequentWords(Counter(a=1), 1, Counter(), 0).coverage(1) == Coverage(1, 0, None)
    assert FrequentWords(Counter(), 0, Counter(a=1), 1).sizes == []
    assert FrequentWords(Counter(), 0, Counter(a=1), 1).coverage(SIZES[0]) == Coverage(0, 0, 1)
    assert FrequentWords(Counter(), 0, Counter(), 0).suggested(at_least=5) == 1
