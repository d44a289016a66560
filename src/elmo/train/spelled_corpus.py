"""What the training loop reads: the text as ids, each different word spelled and numbered once, sentences held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.text.shards import EncodedText
from elmo.text.speller import Speller, Spellings
from elmo.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class SpelledCorpus:
    """A corpus ready to train on."""

    text: EncodedText
    heldout: Sequence[Sequence[str]]
    heldout_at: NDArray[np.int64]
    spellings: Spellings  # (words, C), rows of the speller
    targets: NDArray[np.int32]  # int32 (words,), vocabulary ids
    vocabulary_spellings: Spellings  # (V, C)


def spell_corpus(
    text: EncodedText, heldout: Sequence[Sequence[str]], vocabulary: Vocabulary, speller: Speller
) -> SpelledCorpus:
    """Spell and number each different word once."""
    return SpelledCorpus(
        text,
        heldout,
        np.zeros(0, np.int64),
        speller.encode_compact(text.words),
        vocabulary.encode(text.words),
        speller.encode_compact(vocabulary.words),
    )


def frequency_bias(corpus: SpelledCorpus, vocabulary: Vocabulary) -> Tensor:
    """log of each vocabulary word's share of the targets: float (V,); the sampled softmax starts from it.

    From a bias of 0 the rows of rare words, which are hardly ever drawn, would keep far too high a score for long.
    """
    counts = np.bincount(corpus.targets[corpus.text.ids], minlength=len(vocabulary)).astype(np.float64)
    counts[[vocabulary.start_id, vocabulary.end_id]] = corpus.text.n_sentences
    return torch.from_numpy(np.log((counts + 0.5) / (counts + 0.5).sum())).float()
