"""Which sentences of a corpus are held out, to measure a model on what it was not trained on."""

import numpy as np
from numpy.typing import NDArray

HELDOUT_SHARE = 100  # one sentence in so many
HELDOUT_MOST = 2000


def count_heldout(n_sentences: int) -> int:
    """How many sentences of a corpus are held out: at least one."""
    return max(1, min(HELDOUT_MOST, n_sentences // HELDOUT_SHARE))


def choose_heldout(n_sentences: int, seed: int) -> NDArray[np.int64]:
    """Numbers of the sentences to hold out: int64 (held,), rising, one of each of as many equal stretches."""
    n_held = count_heldout(n_sentences)
    edges = np.arange(n_held + 1) * n_sentences // n_held  # int64 (held + 1,)
    return np.random.default_rng([seed, 2]).integers(edges[:-1], edges[1:], dtype=np.int64)
