"""A vocabulary that gains words of another text; the softmax gains a row for each, and keeps the rows that it has.

Until now the model predicted each new word as `<UNK>`. So the row of a new word starts as that of `<UNK>`, and the probability of
`<UNK>` is divided among the new words and what is still unknown, by their frequency in the new text. In logarithms that is a
shift of the biases: in every context the old words keep their probability, and the new words with `<UNK>` have together the one
that `<UNK>` had. The extended model is the old one, which now also says which unknown word it is.

The words of a cluster of an adaptive softmax have no biases. There the new words join the last cluster, with the mean of its
rows.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.model.output.adaptive_softmax import AdaptiveSoftmax, output_layer
from elmo.model.output.softmax import Softmax
from elmo.text.words.vocabulary import SPECIALS, Vocabulary, vocabulary_from_counts
from elmo.train.adaptation.settings import AdaptationConfig

_SMOOTHING = 0.5  # added to each count, as in `encoded_corpus.target_counts`


def words_to_add(vocabulary: Vocabulary, counts: Counter[str], most: int, least_count: int) -> list[str]:
    """The most frequent words of a text that a vocabulary lacks.

    Args:
        counts: of the words of the text.
        most: how many words at most. least_count: how often each occurs at least.
    """
    outside = Counter({word: n for word, n in counts.items() if n >= least_count and word not in vocabulary})
    return list(vocabulary_from_counts(outside, most).words[len(SPECIALS) :])


def with_new_words(model: SavedModel, config: AdaptationConfig | None, counts: Counter[str]) -> tuple[SavedModel, int]:
    """The model with the new words of a text that its run asks for, and how many they are.

    Args:
        model: with softmax and vocabulary. config: None: none are asked for. counts: of the words of the text.
    """
    assert model.vocabulary is not None
    words = [] if config is None else words_to_add(model.vocabulary, counts, config.new_words, config.new_word_count)
    return with_words(model, words, counts), len(words)


@torch.no_grad()
def with_words(model: SavedModel, words: Sequence[str], counts: Counter[str]) -> SavedModel:
    """A model whose vocabulary and softmax have more words; its biLM is the same object.

    Args:
        model: with softmax and vocabulary.
        words: outside its vocabulary, all different.
        counts: of the words of the text that they are from.
    """
    assert model.softmax is not None
    assert model.vocabulary is not None
    if not words:
        return model
    vocabulary = Vocabulary([*model.vocabulary.words, *words])
    size, cutoffs = model.bilm.config.projection_size, model.config.adaptive_cutoffs
    softmax = output_layer(len(vocabulary), size, cutoffs)
    old = model.softmax
    for name, p in softmax.named_parameters():
        known = old.get_parameter(name)
        p[: len(known)] = known
    if isinstance(softmax, AdaptiveSoftmax):
        rows, n_old = (
            softmax.clusters[-1].get_submodule("words").get_parameter("weight"),
            old.n_words - softmax.cutoffs[-2],
        )
        rows[n_old:] = rows[:n_old].mean(dim=0)
    else:
        _divide_unknown(softmax, model.vocabulary, words, counts)
    config = model.config.model_copy(update={"n_words": len(vocabulary)})
    return replace(model, config=config, softmax=softmax, vocabulary=vocabulary)


def _divide_unknown(softmax: Softmax, old: Vocabulary, words: Sequence[str], counts: Counter[str]) -> None:
    """Divide the probability of `<UNK>` by frequency: the rows after the old ones are those of the new words."""
    n_unknown = sum(n for word, n in counts.items() if old.encode([word])[0] == old.unknown_id)
    own = [counts[word] + _SMOOTHING for word in words]
    rest = n_unknown - sum(counts[word] for word in words) + _SMOOTHING
    total = rest + sum(own)
    n_old, unknown = len(old), old.unknown_id
    bias = float(softmax.bias[unknown])
    softmax.weight[n_old:] = softmax.weight[unknown]
    softmax.bias[n_old:] = bias + (torch.tensor(own) / total).log()
    softmax.bias[unknown] = bias + math.log(rest / total)
