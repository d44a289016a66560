import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo.text.packing import pack


@given(st.lists(st.integers(1, 9), max_size=7))
def test_every_token_has_one_index_and_its_mirror(lengths):
    lengths.sort(reverse=True)
    packing = pack(lengths)
    indices = {}  # (row, step) -> index, counted one by one
    for step in range(max(lengths, default=0)):
        rows = [row for row, length in enumerate(lengths) if length > step]
        assert packing.batch_sizes[step] == len(rows)
        assert rows == list(range(len(rows)))
        for row in rows:
            indices[row, step] = len(indices)
    assert packing.batch_sizes.sum() == len(indices) == sum(lengths)
    assert packing.unsorted_indices.tolist() == [
        indices[row, t] for row, length in enumerate(lengths) for t in range(length)
    ]
    for (row, step), index in indices.items():
        assert packing.reverse_indices[index] == indices[row, lengths[row] - 1 - step]


@pytest.mark.parametrize("lengths", [[], [1], [5, 5, 5]])
def test_the_mirror_of_the_mirror_is_the_index_itself(lengths):
    reverse_indices = pack(lengths).reverse_indices
    assert np.array_equal(reverse_indices[reverse_indices], np.arange(sum(lengths)))
