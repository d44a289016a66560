import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.permutation import permute


@given(st.integers(1, 3000), st.integers(0, 2**63 - 1), st.integers(0, 9))
def test_each_number_has_one_index(n, seed, epoch):
    assert np.array_equal(np.sort(permute(np.arange(n), n, (seed, epoch))), np.arange(n))


def test_numbers_past_32_bits_are_permuted_without_being_written_down():
    n = 10**12 + 39
    found = permute(np.arange(0, n, n // 50_000), n, (1,))
    assert found.min() >= 0
    assert found.max() < n
    assert len(np.unique(found)) == len(found)


def test_indices_asked_for_one_by_one_are_those_asked_for_together():
    together = permute(np.arange(101), 101, (5,))
    assert [int(permute(np.array([i]), 101, (5,))[0]) for i in range(101)] == together.tolist()


@pytest.mark.parametrize(("n", "n_keys"), [(3, 10_000), (5, 10_000), (16, 3000), (97, 3000)])
def test_every_number_comes_to_every_index_equally_often(n, n_keys):
    counts = np.zeros((n, n))
    for key in range(n_keys):
        counts[np.arange(n), permute(np.arange(n), n, (key,))] += 1
    expected = n_keys / n
    chi_square = ((counts - expected) ** 2 / expected).sum() * (n - 1) / n  # rows and columns add up to n_keys
    degrees = (n - 1) ** 2
    assert abs(chi_square - degrees) < 5 * np.sqrt(2 * degrees)


def test_neighbours_are_torn_apart_as_by_a_random_permutation():
    n = 100_000
    found = permute(np.arange(n), n, (3,))
    steps = np.diff(found)
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 5 / np.sqrt(n)
    assert abs(np.corrcoef(np.arange(n), found)[0, 1]) < 5 / np.sqrt(n)
    assert len(np.unique(steps)) > 0.5 * n  # of a random permutation some 0.6; of a linear one, two
    assert (found == np.arange(n)).sum() < 8  # one expected


def test_seeds_give_different_orders():
    orders = {tuple(permute(np.arange(50), 50, seed)) for seed in ((0, 0), (0, 1), (1, 0), (1, 1))}
    assert len(orders) == 4
