import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.packing import pack


@given(st.lists(st.integers(1, 9), max_size=7))
def test_every_token_has_one_place_and_its_mirror(lengths):
    lengths.sort(reverse=True)
    packing = pack(lengths)
    places = {}  # (row, step) -> place, counted out one by one
    for step in range(max(lengths, default=0)):
        rows = [row for row, length in enumerate(lengths) if length > step]
        assert packing.batch_sizes[step] == len(rows)
        assert rows == list(range(len(rows)))
        for row in rows:
            places[row, step] = len(places)
    assert packing.batch_sizes.sum() == len(places) == sum(lengths)
    assert packing.unsorted_indices.tolist() == [
        places[row, t] for row, length in enumerate(lengths) for t in range(length)
    ]
    for (row, step), place in places.items():
        assert packing.reverse_indices[place] == places[row, lengths[row] - 1 - step]


@pytest.mark.parametrize("lengths", [[], [1], [5, 5, 5]])
def test_the_mirror_of_the_mirror_is_the_place_itself(lengths):
    reverse_indices = pack(lengths).reverse_indices
    assert np.array_equal(reverse_indices[reverse_indices], np.arange(sum(lengths)))
