import numpy as np
import pytest

from elmo.text.heldout import choose_heldout


@pytest.mark.parametrize(("n", "held"), [(1, 1), (2, 1), (199, 1), (300, 3), (200_000, 2000), (10**10, 2000)])
def test_one_sentence_in_a_hundred_is_held_out_at_most_two_thousand(n, held):
    chosen = choose_heldout(n, 7)
    assert len(np.unique(chosen)) == len(chosen) == held
    assert chosen[0] >= 0
    assert chosen[-1] < n
    assert (np.diff(chosen) > 0).all()


def test_they_are_spread_over_the_whole_text():
    assert np.array_equal(choose_heldout(123_400, 7) // 100, np.arange(1234))


def test_they_depend_on_the_seed():
    assert np.array_equal(choose_heldout(5000, 1), choose_heldout(5000, 1))
    assert not np.array_equal(choose_heldout(5000, 1), choose_heldout(5000, 2))
