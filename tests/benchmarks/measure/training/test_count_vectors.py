"""Word vectors from counts of neighbours."""

import math

import numpy as np
import pytest
import torch

from benchmarks.measure.training.count_vectors import SMOOTHING, count_vectors, neighbour_counts, positive_information
from benchmarks.measure.training.output_layers import marked_text
from conftest import encode_text, small_model
from elmo.train.data.encoded_corpus import encode_corpus

IDS = np.array([0, 1, 2, 0, 1, 3])
APART = np.array([0, 0, 0, 1, 1, 1])


def test_words_of_different_sentences_are_no_neighbours():
    counts = neighbour_counts(IDS, 4, APART).to_dense()
    assert counts.tolist() == [[0, 2, 1, 1], [2, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]]


def test_information_is_that_of_the_formula():
    counts = neighbour_counts(IDS, 4, APART)
    found = positive_information(counts).to_dense()
    dense = counts.to_dense().numpy()
    words = dense.sum(axis=1)
    for i, j in np.ndindex(4, 4):
        if dense[i, j] == 0:
            assert found[i, j] == 0
            continue
        neighbour = words[j] ** SMOOTHING / (words**SMOOTHING).sum()
        expected = math.log(dense[i, j] / dense.sum() / (words[i] / words.sum() * neighbour))
        assert found[i, j].item() == pytest.approx(max(0.0, expected), abs=1e-6)


def test_words_in_like_company_have_like_vectors():
    random = np.random.default_rng(0)
    sentences = [[random.integers(3), 6, 7] for _ in range(300)]
    sentences += [[3 + random.integers(3), 8, 9] for _ in range(300)]
    ids = np.array(sentences).reshape(-1)
    vectors = torch.from_numpy(count_vectors(ids, np.repeat(np.arange(600), 3), 10, 4, seed=0))
    assert vectors.shape == (10, 4)
    like = torch.cosine_similarity(vectors[:, None], vectors[None], dim=2)
    assert like[0, 1] > 0.9
    assert like[0, 3] < 0.1


def test_the_marked_text_is_the_text_between_its_marks():
    model = small_model()
    corpus = encode_corpus(encode_text([["the", "bank"], ["river"]]), [], model.vocabulary, model.word_encoder)
    ids, apart = marked_text(corpus, model.vocabulary)
    assert [model.vocabulary.words[i] for i in ids] == "<S> the bank </S> <S> river </S>".split()
    assert apart.tolist() == [0, 0, 0, 0, 1, 1, 1]
