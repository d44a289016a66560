"""What a run cannot begin with: a vocabulary that teaches nothing, a model that memory cannot hold."""

from collections import Counter
from pathlib import Path

import torch

from elmo.errors import ConfigError, TextError
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig
from elmo.model.softmax import Softmax
from elmo.text.characters import UNKNOWN_IN_TEXT
from elmo.text.vocabulary import SPECIALS, Vocabulary, read_vocabulary
from elmo.train.memory import memory_of_machine


def read_given_vocabulary(path: Path) -> Vocabulary:
    """A vocabulary to train with: each line a word of its own, or its row of the softmax would never be right.

    Raises:
        TextError: it cannot be read, a line is empty, or a word stands twice.
    """
    vocabulary = read_vocabulary(path)
    first: dict[str, int] = {}
    for number, word in enumerate(vocabulary.words, start=1):
        if not word or first.setdefault(word, number) != number:
            fault = f"{word!r} stands in line {first[word]} already" if word else "empty"
            raise TextError(f"{path}, line {number}: {fault}; give each word one line")
    return vocabulary


def share_outside(vocabulary: Vocabulary, counts: Counter[str], path: Path | None) -> float:
    """The share of a text that a vocabulary lacks, literal `<unk>` included.

    With no word of the text nothing but `<UNK>` would be learned, to a low perplexity that looks like a triumph.

    Args:
        counts: how often each word stands in the text.
        path: of the vocabulary, if it was given.
    Raises:
        TextError: no word of the text is a word to predict.
    """
    n_known = sum(n for word, n in counts.items() if word in vocabulary and word not in (*SPECIALS, UNKNOWN_IN_TEXT))
    if n_known == 0:
        where = "the corpus" if path is None else f"{path}, a vocabulary of {len(vocabulary):,} words"
        raise TextError(
            f"{where}: none of the {len(counts):,} different words to train on stands in it as a word to predict; "
            + (
                "give text with words"
                if path is None
                else "give the vocabulary of this text, or leave --vocabulary out"
            )
        )
    return 1 - n_known / counts.total()


def refuse_too_large(config: BiLMConfig, n_words: int) -> None:
    """Refuse a model whose training cannot fit in the memory of this machine: weight, gradient, two moments of 4 bytes.

    Raises:
        ConfigError: it cannot.
    """
    with torch.device("meta"):
        parts = (BiLM(config), Softmax(n_words, config.lstm.projection_size))
    size_bytes = 16 * sum(p.numel() for part in parts for p in part.parameters())
    there = memory_of_machine()
    if there is not None and size_bytes > there:
        raise ConfigError(
            f"training this model takes {size_bytes / 2**30:,.0f} GiB for its weights alone, this machine has "
            f"{there / 2**30:,.0f} GiB; choose a smaller --size or vocabulary"
        )
