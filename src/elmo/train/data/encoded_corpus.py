"""The input of the training loop: the text as ids, each different word encoded once, and the held-out sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.model.output.adaptive_softmax import cutoffs_by_coverage
from elmo.text.shards import EncodedText
from elmo.text.words.encoded_words import spell_words
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import Spellings, WordEncoder
from elmo.train.adaptation.mixed_text import MixedText, counts_of_both, words_of_both
from elmo.train.config import PretrainConfig


@dataclass(frozen=True)
class EncodedCorpus:
    """A corpus ready to train on."""

    text: EncodedText
    heldout: Sequence[Sequence[str]]
    spellings: Spellings  # (words, C), rows of the speller
    targets: NDArray[np.int32]  # int32 (words,), vocabulary ids
    mixed: MixedText | None = None  # old text; its words follow those of the text

    @property
    def words(self) -> Sequence[str]:
        """The different words, by their ids in a window."""
        return words_of_both(self.text, self.mixed)


def encode_corpus(
    text: EncodedText, heldout: Sequence[Sequence[str]], vocabulary: Vocabulary, word_encoder: WordEncoder
) -> EncodedCorpus:
    """Spell and number each different word of a text that fits in memory."""
    return EncodedCorpus(text, heldout, *spell_words(text.words, word_encoder, vocabulary))


def target_counts(
    text: EncodedText, targets: NDArray[np.int32], vocabulary: Vocabulary, mixed: MixedText | None = None
) -> NDArray[np.float64]:
    """The number of times each word of a vocabulary is a target in an epoch, plus 0.5: float64 (V,).

    Args:
        targets: int32 (words,), vocabulary ids of the different words of the text, and of the old text that is mixed in.
    """
    of_words, n_sentences = counts_of_both(text, mixed)
    counts = np.bincount(targets, of_words, minlength=len(vocabulary))
    counts[[vocabulary.start_id, vocabulary.end_id]] = n_sentences
    return (counts + 0.5).astype(np.float64)


def cutoffs_of(
    config: PretrainConfig,
    text: EncodedText,
    targets: NDArray[np.int32],
    vocabulary: Vocabulary,
    mixed: MixedText | None = None,
) -> list[int] | None:
    """The cutoffs of the adaptive softmax of a recipe; None: the recipe has another softmax.

    Raises:
        ConfigError: the vocabulary is too small for one.
    """
    return (
        cutoffs_by_coverage(target_counts(text, targets, vocabulary, mixed)) if config.softmax == "adaptive" else None
    )


def frequency_bias(corpus: EncodedCorpus, vocabulary: Vocabulary) -> Tensor:
    """log of each vocabulary word's fraction of the targets: float (V,); every output layer starts from it.

    From a bias of 0 the rows of rare words, which are hardly ever drawn, would keep far too high a score for long.
    """
    counts = target_counts(corpus.text, corpus.targets, vocabulary, corpus.mixed)
    return torch.from_numpy(np.log(counts / counts.sum())).float()
