from collections import Counter
from hashlib import blake2b

import pytest

from elmo.text.survey.streaming_counts import LineTally, LongestLines, LongLine, RepeatedLine, WordTally, mean, quantile


def test_words_are_counted_exactly_as_long_as_there_is_room():
    tally = WordTally(most=3)
    for words in (["a", "b", "a"], [], ["c", "a"]):
        tally.add(words)
    assert (tally.counts, tally.n_tokens, tally.forgotten) == ({"a": 3, "b": 1, "c": 1}, 5, False)


def test_a_full_tally_forgets_the_rarest_words_and_keeps_the_number_of_tokens():
    tally = WordTally(most=50)
    for i in range(1000):
        tally.add(["the", "of", "the", f"word{i}"])
    assert len(tally.counts) <= 50
    assert (tally.counts["the"], tally.counts["of"]) == (2000, 1000)
    assert (tally.n_tokens, tally.forgotten) == (4000, True)


def test_a_tally_of_nothing_but_equally_frequent_words_stays_bounded():
    tally = WordTally(most=10)
    tally.add([f"word{i}" for i in range(11)] * 5)
    assert len(tally.counts) <= 10


def hash_of(i: int) -> int:
    return int.from_bytes(blake2b(str(i).encode(), digest_size=8).digest(), "little")


def line_tally(counts: dict[int, int], most: int) -> LineTally:
    """Lines 10 bytes long, all once before any comes again."""
    tally = LineTally(most)
    for turn in range(max(counts.values())):
        for i, n in counts.items():
            if turn < n:
                tally.add(f"line {i:05}", hash_of(i), 10)
    return tally


def test_repeated_lines_are_counted_exactly_as_long_as_there_is_room():
    tally = line_tally({1: 1, 2: 3, 3: 2, 4: 1}, most=4)
    assert tally.sampled == 1
    assert tally.fraction_repeated() == pytest.approx(3 / 7)
    assert tally.fraction_of_bytes_repeated() == pytest.approx(3 / 7)
    assert tally.commonest(9) == [RepeatedLine("line 00002", 3), RepeatedLine("line 00003", 2)]


def test_a_full_tally_of_lines_estimates_the_fractions_from_a_sample():
    counts = {i: 2 if i % 4 == 0 else 1 for i in range(20_000)}
    tally = line_tally(counts, most=2000)
    assert tally.sampled >= 10
    assert len(tally._counts) <= 2000 + 50
    assert tally.fraction_repeated() == pytest.approx(0.2, abs=0.03)
    assert tally.fraction_of_bytes_repeated() == pytest.approx(0.2, abs=0.03)


def test_the_commonest_line_is_counted_on_whether_or_not_it_is_in_the_sample():
    tally = LineTally(most=100)
    for i in range(5000):
        tally.add("All rights reserved", hash_of(-1), 19)
        tally.add(f"line {i}", hash_of(i), 9)
    assert tally.sampled > 1
    assert hash_of(-1) % tally.sampled
    assert tally.commonest(1) == [RepeatedLine("All rights reserved", 5000)]


def test_the_commonest_lines_are_the_commonest_of_all_repeated_ones():
    counts = {i: 2 + i % 97 for i in range(400)}
    found = line_tally(counts, most=1000).commonest(4)
    assert [line.n for line in found] == sorted(counts.values(), reverse=True)[:4]


def test_the_longest_lines_come_longest_first():
    longest = LongestLines(2)
    for number, size in enumerate([5, 9, 1, 7], start=1):
        longest.add(size, "a.txt", number)
    assert longest.lines == [LongLine(9, "a.txt", 2), LongLine(7, "a.txt", 4)]


def test_quantiles_and_means_of_lengths():
    lengths = Counter({2: 5, 3: 4, 40: 1})
    assert [quantile(lengths, fraction) for fraction in (0.5, 0.51, 0.9, 0.91, 1)] == [2, 3, 3, 40, 40]
    assert mean(lengths) == pytest.approx(6.2)
    assert (quantile(Counter(), 0.5), mean(Counter())) == (0, 0)
