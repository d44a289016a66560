"""The bag of n-grams equals scikit-learn's TF-IDF and logistic regression."""

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from elmo.tasks.examples import Example, with_blanks
from elmo.tasks.layers import ngrams
from elmo.tasks.layers.ngrams import NgramLayer, bag_of_text, ngrams_of

WORDS = "what is the time in Oslo now please wake me at nine play some jazz who wrote this song".split()


def examples_of(seed, n):
    """Texts of random words, their labels by a word or two of them."""
    rng = np.random.default_rng(seed)
    texts = [[WORDS[i] for i in rng.integers(0, len(WORDS), rng.integers(3, 9))] for _ in range(n)]
    labels = ["time" if "time" in t else "song" if "song" in t or "jazz" in t else "other" for t in texts]
    return [example(words, label) for words, label in zip(texts, labels, strict=True)]


def example(words, label):
    text, tokens = with_blanks(words)
    return Example(tokens, [label], text, 1)


def bags(examples):
    return [bag_of_text(e) for e in examples]


def truth_of(examples):
    return torch.tensor([["other", "song", "time"].index(e.labels[0]) for e in examples])


def test_n_grams_are_tokens_in_a_row_and_pieces_of_each():
    pieces = [" oh", "oh ", " oh ", "my.", " my", "y. ", " my.", "my. ", " my. "]
    assert sorted(ngrams_of(["Oh", "my."])) == sorted(["oh", "my.", "oh\tmy.", *pieces])
    assert sorted(ngrams_of(["字"])) == [" 字 ", "字"]


def test_it_is_the_regression_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(ngrams, "_STRENGTHS", (0.5,))
    monkeypatch.setattr(ngrams, "_ITERATIONS", 500)
    train, test = examples_of(0, 150), examples_of(1, 40)
    layer = NgramLayer(3)
    layer.fit(bags(train), truth_of(train), [], torch.zeros(0, dtype=torch.int64))
    features = TfidfVectorizer(analyzer=lambda e: bag_of_text(e).elements(), sublinear_tf=True, min_df=ngrams.LEAST)
    theirs = LogisticRegression(C=2.0, max_iter=5000, tol=1e-8).fit(features.fit_transform(train), truth_of(train))
    expected = theirs.predict_log_proba(features.transform(test))
    assert np.allclose(layer(bags(test)).numpy(), expected, atol=2e-3)


def test_all_n_grams_may_weigh_the_same():
    train = examples_of(5, 60)
    layer = NgramLayer(3)
    layer.fit(bags(train), truth_of(train), bags(train), truth_of(train), by_rarity=False)
    assert set(layer.idf.tolist()) == {0, 1}
    assert (layer(bags(train)).argmax(1) == truth_of(train)).double().mean() > 0.9


def test_the_penalty_is_that_with_the_best_accuracy_on_the_dev_file(monkeypatch):
    train, dev = examples_of(2, 60), examples_of(3, 80)
    accuracies = {}
    for strengths in ((1.0,), (0.2,), (0.05,)):
        monkeypatch.setattr(ngrams, "_STRENGTHS", strengths)
        layer = NgramLayer(3)
        layer.fit(bags(train), truth_of(train), bags(dev), truth_of(dev))
        accuracies[strengths[0]] = float((layer(bags(dev)).argmax(1) == truth_of(dev)).double().mean())
    monkeypatch.undo()
    layer = NgramLayer(3)
    layer.fit(bags(train), truth_of(train), bags(dev), truth_of(dev))
    found = float((layer(bags(dev)).argmax(1) == truth_of(dev)).double().mean())
    assert found == pytest.approx(max(accuracies.values()), abs=0.02)


def test_neighbours_and_odd_texts_change_nothing():
    train = examples_of(4, 60)
    layer = NgramLayer(3)
    assert torch.allclose(layer(bags(train[:2])), torch.full((2, 3), -np.log(3)))  # nothing is learned yet
    layer.fit(bags(train), truth_of(train), [], torch.zeros(0, dtype=torch.int64))
    odd = [example(["\ud800", "\t", "a" * 500], "other"), example(["未知"], "other")]
    together = layer(bags([*train[:5], *odd]))
    alone = torch.cat([layer(bags([e])) for e in [*train[:5], *odd]])
    assert torch.allclose(together, alone, atol=1e-6)
    assert together.exp().sum(dim=1) == pytest.approx(1)
