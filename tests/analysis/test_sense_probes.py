"""The sense of a word by its nearest neighbour."""

import numpy as np

from elmo.analysis.sense_probes import compared, first_neighbour


def test_the_first_neighbour_is_the_nearest_by_cosine():
    rng = np.random.default_rng(0)
    known, asked = (rng.normal(size=(n, 5)).astype(np.float32) for n in (11, 7))
    labels = np.arange(11)
    expected = [max(labels, key=lambda k: known[k] @ a / np.linalg.norm(known[k])) for a in asked]
    assert first_neighbour(known, labels, asked).tolist() == expected
    assert compared(known[:4]).shape == (2, 11)
