"""The sentences of a corpus that are held out, to evaluate a model on text that it was not trained on."""

import numpy as np
from numpy.typing import NDArray

HELDOUT_ONE_IN = 100  # one sentence in 100
HELDOUT_MOST = 2000


def count_heldout(n_sentences: int) -> int:
    """The number of held-out sentences of a corpus: at least one."""
    return max(1, min(HELDOUT_MOST, n_sentences // HELDOUT_ONE_IN))


def choose_heldout(n_sentences: int, seed: int) -> NDArray[np.int64]:
    """Numbers of the sentences to hold out: int64 (held,), rising, one from each of as many equal parts of the corpus."""
    n_held = count_heldout(n_sentences)
    edges = np.arange(n_held + 1) * n_sentences // n_held  # int64 (held + 1,)
    return np.random.default_rng([seed, 2]).integers(edges[:-1], edges[1:], dtype=np.int64)
