"""A vocabulary with new words: which, what their rows begin with, and that nothing else changes."""

from collections import Counter

import pytest
import torch

from conftest import CUTOFFS, WORDS, small_model
from elmo.embed.language_model.surprisal import nats_of_each
from elmo.text.words.vocabulary import Vocabulary
from elmo.train.adaptation.new_words import with_new_words, with_words, words_to_add
from elmo.train.adaptation.settings import AdaptationConfig

COUNTS = Counter({"the": 50, "loan": 6, "bond": 6, "yield": 9, "rare": 2, "<unk>": 4, " x": 20})


def test_the_most_frequent_words_outside_are_added_in_order():
    vocabulary = Vocabulary(WORDS)
    assert words_to_add(vocabulary, COUNTS, 10, 3) == ["yield", "bond", "loan"]
    assert words_to_add(vocabulary, COUNTS, 2, 1) == ["yield", "bond"]
    assert words_to_add(vocabulary, COUNTS, 0, 1) == []


def test_old_rows_are_kept_and_new_words_share_the_probability_of_unknown_ones():
    model = small_model()
    new, n_words = with_new_words(model, AdaptationConfig(new_words=2), COUNTS)
    assert (n_words, new.vocabulary.words) == (2, (*WORDS, "yield", "bond"))
    assert new.config.n_words == len(WORDS) + 2
    assert new.bilm is model.bilm
    assert torch.equal(new.softmax.weight[: len(WORDS)], model.softmax.weight)
    known = [i for i in range(len(WORDS)) if i != model.vocabulary.unknown_id]
    assert torch.equal(new.softmax.bias[known], model.softmax.bias[known])
    x = torch.randn(5, 7)
    before, after = model.softmax.log_probabilities(x).exp(), new.softmax.log_probabilities(x).exp()
    unknown = model.vocabulary.unknown_id
    assert torch.allclose(after[:, known], before[:, known], atol=1e-6)
    parts = after[:, [*range(len(WORDS), len(WORDS) + 2), unknown]]
    assert torch.allclose(parts.sum(dim=1), before[:, unknown], atol=1e-6)
    # 9 and 6 of the 47 unknown tokens are these words; each count has a half more.
    assert torch.allclose(parts / parts.sum(dim=1, keepdim=True), torch.tensor([9.5, 6.5, 32.5]) / 48.5, atol=1e-5)


def test_text_without_new_words_costs_what_it_did_and_new_words_cost_their_frequency_more():
    model, sentence = small_model(), ["the", "yield", "lends", "money"]
    new = with_words(model, ["yield", "bond"], COUNTS)
    (old,), (now,) = nats_of_each(model, [sentence]), nats_of_each(new, [sentence])
    difference = now.forward - old.forward
    assert difference[[0, 2, 3, 4]] == pytest.approx(0, abs=1e-5)
    assert difference[1] == pytest.approx(-torch.tensor(9.5 / 48.5).log().item(), abs=1e-5)


def test_an_adaptive_softmax_gains_words_in_its_last_cluster():
    model = small_model(cutoffs=CUTOFFS)
    new = with_words(model, ["yield", "bond"], COUNTS)
    old_rows, rows = (m.softmax.clusters[-1].words.weight for m in (model, new))
    assert torch.equal(rows[: len(old_rows)], old_rows)
    assert torch.equal(rows[-1], old_rows.mean(dim=0))
    assert torch.equal(new.softmax.head.weight, model.softmax.head.weight)
    x = torch.randn(5, 7)
    assert torch.allclose(new.softmax.log_probabilities(x).exp().sum(dim=1), torch.ones(5), atol=1e-5)


def test_a_run_that_does_not_adapt_gains_no_words():
    model = small_model()
    assert with_new_words(model, None, COUNTS) == (model, 0)
