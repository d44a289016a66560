"""Sentences and words that people find alike: cosines of means, correlated with their judgements."""

import numpy as np
import pytest

from elmo.analysis.probe_data import SentencePair, Similarity
from elmo.analysis.probe_scores import ProbeSettings
from elmo.analysis.probe_vectors import ElmoVectors
from elmo.analysis.similarity_probes import WordsInText, find_words, probe_sentences, probe_words
from elmo.text.sources.rows import Row
from elmo.text.tokens import Token

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")
TEXTS = ["the river", "the bank lends money .", "river bank", "money .", "the the bank", "bank"]


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def row(line, text):
    return Row(line, [Token(word, 0, 1) for word in text.split()])


def test_sentences_are_compared_by_their_mean_vectors_in_every_view(elmo):
    pairs = [SentencePair((TEXTS[i], TEXTS[i + 1]), score) for i, score in ((0, 4.0), (2, 1.0), (4, 2.5))]
    scores = probe_sentences(ElmoVectors(elmo, "m"), pairs, "toy", ProbeSettings(typed=0))
    (mean,) = (score for score in scores if score.view == "mean")
    means = [elmo.embed([text.split()])[0].mean(axis=0) for pair in pairs for text in pair.texts]
    cosines = [cosine(means[2 * i], means[2 * i + 1]) for i in range(3)]
    assert mean.values[0] == pytest.approx(100 * np.corrcoef(cosines, [4.0, 1.0, 2.5])[0, 1], abs=0.5)
    assert {score.text for score in scores} == {"clean"}
    typed = probe_sentences(ElmoVectors(elmo, "m"), pairs, "toy", ProbeSettings(typed=0.9))
    assert len(typed) == 2 * len(scores)


def test_words_are_found_in_short_sentences_whatever_their_case():
    rows = [row(1, "The bank"), row(2, "the " * 61), row(3, ""), row(4, "a bank bank"), row(5, "none")]
    found = find_words(lambda: rows, ["bank", "the"], 9)
    assert found.sentences == [["The", "bank"], ["a", "bank", "bank"]]
    assert sorted(found.locations) == [(0, 0, "the"), (0, 1, "bank"), (1, 1, "bank"), (1, 2, "bank")]
    assert len(find_words(lambda: rows, ["bank"], 2).locations) == 2


def test_words_are_compared_by_the_mean_of_their_unit_vectors(elmo):
    sentences = [text.split() for text in TEXTS]
    chosen = [(s, t, word) for s, words in enumerate(sentences) for t, word in enumerate(words) if word != "."]
    pairs = [
        Similarity(pair, score) for pair, score in ((("the", "river"), 1), (("bank", "money"), 5), (("the", "bank"), 3))
    ]
    lists = {"toy": [*pairs, Similarity(("the", "unseen"), 9)], "too few": pairs[:2]}
    scores = probe_words(ElmoVectors(elmo, "m"), lists, WordsInText(sentences, chosen))
    assert {score.of for score in scores} == {"toy"}
    (top,) = (score for score in scores if score.view == "layer 2")
    vectors = elmo.embed(sentences, layers="top")
    means = {
        word: np.sum([v / np.linalg.norm(v) for v in (vectors[s][t] for s, t, w in chosen if w == word)], axis=0)
        for word in ("the", "river", "bank", "money")
    }
    cosines = [cosine(means[a], means[b]) for (a, b), _ in pairs]
    ranks = np.argsort(np.argsort(cosines))
    assert top.values[0] == pytest.approx(100 * np.corrcoef(ranks, [0, 2, 1])[0, 1], abs=1e-6)
