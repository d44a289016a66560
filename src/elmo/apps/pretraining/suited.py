"""Which size, and how many epochs, suit so much text."""

_EPOCHS = ((10_000_000, 10), (50_000_000, 5), (300_000_000, 2))  # below so many tokens, so many epochs
_SIZES = ((10_000_000, "tiny"), (100_000_000, "small"), (500_000_000, "medium"))  # below so many tokens, this size


def wanted_epochs(n_tokens: int) -> int:
    """Epochs worth reading: the less text, the more often; the published model read its 800 million tokens ten times.

    10 below 10 million tokens, 5 below 50 million, 2 below 300 million, else 1.
    """
    return next((epochs for below, epochs in _EPOCHS if n_tokens < below), 1)


def suited_size(n_tokens: int) -> str:
    """The size that so much text can fill: `tiny` below 10 million tokens, `original` from 500 million."""
    return next((size for below, size in _SIZES if n_tokens < below), "original")
