"""What the training loop reads: the text as ids, each different word spelled and numbered once, sentences held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.text.shards import EncodedText
from elmo.text.spelled_words import spell_words
from elmo.text.speller import Speller, Spellings
from elmo.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class SpelledCorpus:
    """A corpus ready to train on."""

    text: EncodedText
    heldout: Sequence[Sequence[str]]
    spellings: Spellings  # (words, C), rows of the speller
    targets: NDArray[np.int32]  # int32 (words,), vocabulary ids


def spell_corpus(
    text: EncodedText, heldout: Sequence[Sequence[str]], vocabulary: Vocabulary, speller: Speller
) -> SpelledCorpus:
    """Spell and number each different word of a text that fits in memory."""
    return SpelledCorpus(text, heldout, *spell_words(text.words, speller, vocabulary))


def frequency_bias(corpus: SpelledCorpus, vocabulary: Vocabulary) -> Tensor:
    """log of each vocabulary word's share of the targets: float (V,); the sampled softmax starts from it.

    From a bias of 0 the rows of rare words, which are hardly ever drawn, would keep far too high a score for long.
    """
    counts = np.bincount(corpus.targets, corpus.text.word_counts, minlength=len(vocabulary))
    counts[[vocabulary.start_id, vocabulary.end_id]] = corpus.text.n_sentences - len(corpus.text.heldout)
    return torch.from_numpy(np.log((counts + 0.5) / (counts + 0.5).sum())).float()
