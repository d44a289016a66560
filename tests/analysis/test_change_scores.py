"""Change of words: the formulas in loops, p-values that are uniform where nothing changed, a bounded draw of occurrences."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from elmo.analysis.change_scores import chance, change_of, cluster, false_discovery_rates, jensen_shannon


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def some_vectors(seed, n, shift=0.0, D=8):
    return unit(np.random.default_rng(seed).standard_normal((n, D)) + shift)


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_the_formulas(seed):
    a, b = some_vectors(seed, 7), some_vectors(seed + 50, 5, shift=0.5)
    found = change_of(a, b, np.arange(7), np.arange(5), permutations=0)
    pairs = [1 - float(x @ y) for x in a.astype(float) for y in b.astype(float)]
    assert found.apd == pytest.approx(sum(pairs) / 35, abs=1e-6)
    x, y = a.astype(float).mean(0), b.astype(float).mean(0)
    assert found.prt == pytest.approx(1 - x @ y / math.sqrt((x @ x) * (y @ y)), abs=1e-6)
    groups = cluster(np.concatenate([a, b]), 5, np.random.default_rng(0))
    p, q = (Counter(part.tolist()) for part in (groups[:7], groups[7:]))
    divergence = 0.0
    for k in set(groups.tolist()):
        m = (p[k] / 7 + q[k] / 5) / 2
        divergence += sum(fraction / 2 * math.log2(fraction / m) for fraction in (p[k] / 7, q[k] / 5) if fraction)
    assert found.jsd == pytest.approx(divergence, abs=1e-6)
    assert found.p == 1


def test_a_change_has_no_direction():
    a, b = some_vectors(0, 9), some_vectors(1, 9, shift=0.4)
    one, other = (change_of(*pair, np.arange(9), np.arange(9), permutations=0) for pair in ((a, b), (b, a)))
    assert (one.prt, one.apd) == pytest.approx((other.prt, other.apd))


def test_the_same_occurrences_have_not_changed():
    a = some_vectors(0, 30)
    found = change_of(a, a, np.arange(30), np.arange(30), permutations=99)
    assert found.prt == pytest.approx(0, abs=1e-6)
    assert found.jsd == pytest.approx(0, abs=1e-9)
    assert found.p == 1


@pytest.mark.parametrize("measure", ["prt", "apd", "jsd"])
def test_p_values_are_even_where_nothing_changed(measure):
    ps = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        topics = rng.standard_normal((40, 8))  # the occurrences of one line are alike
        lines = np.repeat(np.arange(20), 3)
        sides = [unit(topics[start + lines] + 0.3 * rng.standard_normal((60, 8))) for start in (0, 20)]
        ps.append(change_of(*sides, lines, lines, measure=measure, permutations=99, seed=seed).p)
    for level in (0.05, 0.2, 0.5):
        n = sum(p <= level for p in ps)
        deviation = math.sqrt(300 * level * (1 - level))
        assert abs(n - 300 * level) < 3.5 * deviation, (measure, level, n)


@pytest.mark.parametrize("true_p", [0.004, 0.05, 0.3])
def test_the_sequential_test_tells_the_chance(true_p):
    rng = np.random.default_rng(0)
    sampled = []

    def as_large(n):
        sampled.append(n)
        return rng.random(n) < true_p

    p_values = [chance(as_large, 20_000) for _ in range(200)]
    assert np.median(p_values) == pytest.approx(true_p, rel=0.1)
    assert sum(sampled) / 200 < 25 / true_p + 256


def test_a_p_value_is_the_draw_of_the_twentieth_or_the_fraction_of_all():
    every_third = itertools.cycle([False, False, True])
    assert chance(lambda n: np.array([next(every_third) for _ in range(n)]), 999) == 20 / 60
    at = iter(range(10_000))
    assert chance(lambda n: np.array([next(at) in (3, 700) for _ in range(n)]), 999) == 3 / 1000
    assert chance(lambda n: np.zeros(n, bool), 0) == 1


def test_one_changed_word_stands_out_among_five_hundred():
    ps = [change_of(some_vectors(0, 50), some_vectors(1, 50, shift=1.0), np.arange(50), np.arange(50)).p]
    for seed in range(499):
        a, b = some_vectors(1000 + seed, 30), some_vectors(2000 + seed, 30)
        ps.append(change_of(a, b, np.arange(30), np.arange(30), seed=seed).p)
    q = false_discovery_rates(np.array(ps))
    assert q[0] < 0.05
    assert sum(q[1:] < 0.05) <= 1


@pytest.mark.parametrize("measure", ["prt", "apd", "jsd"])
def test_a_large_change_is_no_chance(measure):
    a, b = some_vectors(0, 50), some_vectors(1, 50, shift=1.0)
    assert change_of(a, b, np.arange(50), np.arange(50), measure=measure, permutations=199).p == 1 / 200


def test_divergence_is_between_0_and_1():
    p, q = np.array([[1.0, 0], [0.5, 0.5]]), np.array([[0.0, 1], [0.5, 0.5]])
    assert jensen_shannon(p, q) == pytest.approx([1, 0])


def test_clusters_are_found_and_fewer_if_there_are_fewer_points():
    centres = 10 * np.eye(3, 6, dtype=np.float32)
    x = np.repeat(centres, 20, axis=0) + 0.1 * np.random.default_rng(0).standard_normal((60, 6)).astype(np.float32)
    found = cluster(x, 3, np.random.default_rng(1))
    assert [len(set(found[i : i + 20])) for i in (0, 20, 40)] == [1, 1, 1]
    assert len(set(found)) == 3
    assert set(cluster(np.ones((9, 4), np.float32), 5, np.random.default_rng(0))) == {0}


def test_false_discovery_rates_are_benjamini_and_hochbergs():
    p = np.array([0.01, 0.6, 0.03, 0.02, 0.04])
    expected = []
    for x in p:
        larger = [y for y in p if y >= x]
        expected.append(min(1, *(y * 5 / sum(z <= y for z in p) for y in larger)))
    assert false_discovery_rates(p) == pytest.approx(expected)
