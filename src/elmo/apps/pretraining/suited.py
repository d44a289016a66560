"""The model size and the number of epochs for a corpus size."""

_EPOCHS = ((10_000_000, 10), (50_000_000, 5), (300_000_000, 2))  # upper limit of tokens, epochs
_SIZES = ((10_000_000, "tiny"), (100_000_000, "small"), (500_000_000, "medium"))  # upper limit of tokens, size


def wanted_epochs(n_tokens: int) -> int:
    """The number of epochs: more for less text; the published model trained ten epochs on 800 million tokens.

    10 below 10 million tokens, 5 below 50 million, 2 below 300 million, else 1.
    """
    return next((epochs for below, epochs in _EPOCHS if n_tokens < below), 1)


def suited_size(n_tokens: int) -> str:
    """The size that suits this much text: `tiny` below 10 million tokens, `original` from 500 million."""
    return next((size for below, size in _SIZES if n_tokens < below), "original")
