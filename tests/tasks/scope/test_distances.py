"""Distances to training examples: beside a twin from the papers and beside scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.covariance import LedoitWolf

from elmo.tasks.scope.distances import Gaussians, Neighbours, shrunk_covariance
from twins.mahalanobis import distances, shrunk

N, F, K, B = 23, 5, 3, 7


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    labels = np.arange(N) % K
    train = rng.normal(size=(N, F)) @ rng.normal(size=(F, F)) + 3 * rng.normal(size=(K, F))[labels]
    return train, labels, rng.normal(size=(B, F))


def test_the_covariance_is_shrunk_as_the_paper_and_another_program_do_it(case):
    x = case[0] - case[0].mean(axis=0)
    found = shrunk_covariance(torch.from_numpy(x)).numpy()
    assert found == pytest.approx(shrunk(x))
    assert found == pytest.approx(LedoitWolf(assume_centered=True).fit(x).covariance_)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_examples_in_many_dimensions_have_distances_too(n):
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(2 * n, 11)))
    labels = torch.arange(2 * n) % 2
    found = Gaussians.of(x, labels, 2).distances(x.float())
    assert found.isfinite().all()
    if n == 1:  # no variance is left: the covariance is next to nothing
        assert found.argmin(dim=1).tolist() == labels.tolist()


def test_mahalanobis_is_that_of_the_twin(case):
    train, labels, x = case
    gaussians = Gaussians.of(torch.from_numpy(train), torch.from_numpy(labels), K)
    found = gaussians.distances(torch.from_numpy(x).float())
    assert found.numpy() == pytest.approx(distances(train, labels, x), rel=1e-4)


def test_a_text_is_as_far_whatever_texts_are_beside_it(case):
    train, labels, x = case
    gaussians = Gaussians.of(torch.from_numpy(train), torch.from_numpy(labels), K)
    rows = torch.from_numpy(x).float()
    assert torch.allclose(gaussians.distances(rows)[2:3], gaussians.distances(rows[2:3]), rtol=1e-6)


def test_a_cosine_is_that_of_the_two_vectors(case):
    train, labels, x = case
    neighbours = Neighbours.of(torch.from_numpy(train).float(), torch.from_numpy(labels))
    found = neighbours.cosines(torch.from_numpy(x).float()).numpy()
    for b in range(B):
        for n in range(N):
            expected = x[b] @ train[n] / np.linalg.norm(x[b]) / np.linalg.norm(train[n])
            assert found[b, n] == pytest.approx(expected, abs=2e-3)  # stored as float16
    assert torch.equal(neighbours.directions.half().float(), neighbours.directions)
