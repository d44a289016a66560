"""The training that suits a text: its size, its epochs, its command. `elmo doctor` and `elmo plan` both recommend it."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from elmo.train.config import PretrainConfig

_EPOCHS = ((10_000_000, 10), (50_000_000, 5), (300_000_000, 2))  # upper limit of tokens, epochs
_SIZES = ((10_000_000, "tiny"), (100_000_000, "small"), (500_000_000, "medium"))  # upper limit of tokens, size


class AdvisedRun(NamedTuple):
    """What to train on a text with."""

    size: str  # `tiny` below 10 million tokens, `original` from 500 million
    epochs: int  # at most: more for less text; the published model trained ten epochs on 800 million tokens


def advised_run(n_tokens: int) -> AdvisedRun:
    """The size and the epochs for a text of `n_tokens`."""
    size = next((size for below, size in _SIZES if n_tokens < below), "original")
    return AdvisedRun(size, next((epochs for below, epochs in _EPOCHS if n_tokens < below), 1))


def pretrain_command(
    corpus: Sequence[str],
    size: str | None,
    *,
    epochs: int | None = None,
    vocabulary_size: int | None = None,
    pretokenized: bool = False,
    text_field: str | None = None,
    recipe: Path | None = None,
    overrides: Sequence[str] = (),
    max_steps: int | None = None,
    device: str = "cpu",
    folder: str = "my-model",
) -> str:
    """An `elmo pretrain` to paste into a POSIX shell.

    Args:
        epochs: None: those of the recipe or the overrides.
        vocabulary_size: words to count; None: the default.
    """
    words = ["elmo", "pretrain"]
    for pattern in corpus:
        words += ["--corpus", pattern]
    words += ["--pretokenized"] * pretokenized
    words += [] if text_field is None else ["--text-field", text_field]
    words += [] if recipe is None else ["--recipe", str(recipe)]
    words += [] if size is None else ["--size", size]
    for override in overrides:
        words += ["--set", override]
    words += [] if vocabulary_size is None else ["--vocabulary-size", str(vocabulary_size)]
    words += [] if epochs is None else ["--set", f"epochs={epochs}"]
    words += [] if max_steps is None else ["--max-steps", str(max_steps)]
    words += [] if device == "cpu" else ["--device", device]
    return shlex.join([*words, "-o", folder])


def with_larger_vocabulary(n_words: int) -> str:
    """The option for a vocabulary that the default does not hold, which `elmo plan` cannot know from a sample; else nothing."""
    return f" (add --vocabulary-size {n_words})" if n_words > PretrainConfig().vocabulary_size else ""
