"""The distance from a teacher, against the formula written out in NumPy."""

import numpy as np
import pytest
import torch

from elmo.train.data.taught_words import TaughtWords
from elmo.train.objectives.objective import Objective
from elmo.train.objectives.taught import TaughtObjective, cosines_of_means
from elmo.train.objectives.window_layers import WindowLayers
from elmo.train.teachers.settings import TeacherConfig

B, T, P, D = 2, 5, 4, 3
LAYERS = [[0], [1, 2], [2]]
AHEAD, BEHIND, SENTENCE = [1, 2, 3, 6, 8], [4, 3, 2, 9, 7], [0, 0, 0, 1, 2]


class Given:
    """The part of a window that the objective reads."""

    where = torch.zeros(2, B, T, dtype=torch.int64)

    def __init__(self, taught):
        self.taught = taught


class Nats(Objective):
    """A language model that loses a known number at each position."""

    def __init__(self, nats):
        self.parameters, self.sparse_parameters = [torch.nn.Parameter(torch.ones(1))], []
        self._nats = nats

    def loss(self, layers, given, state, weights):
        return self._nats, 10 * self._nats


def case(seed=0):
    rng = np.random.default_rng(seed)
    forward, backward = (rng.normal(size=(3, B, T, P)).astype(np.float32) for _ in range(2))
    right = rng.normal(size=(len(AHEAD), 3, D)).astype(np.float32)
    nats = rng.random(B * T).astype(np.float32)
    return rng, forward, backward, right, nats


def objective_with(rng, nats, config):
    objective = TaughtObjective(Nats(torch.from_numpy(nats)), config, LAYERS, (P, D), None)
    for map_ in objective.maps:
        map_.data = torch.from_numpy(rng.normal(size=map_.shape).astype(np.float32))
    return objective


def distances(forward, backward, right, maps):
    """Mean over layers and units of the squared differences, word after word."""
    found = np.zeros(len(AHEAD))
    for word, (a, b) in enumerate(zip(AHEAD, BEHIND, strict=True)):
        for number, own in enumerate(LAYERS):
            ahead, behind = forward[number].reshape(-1, P)[a], backward[number].reshape(-1, P)[b]
            x = ahead if number == 0 else np.concatenate([ahead, behind])
            guess = maps[number][:, :-1] @ x + maps[number][:, -1]
            found[word] += np.mean((guess - right[word, own].reshape(-1)) ** 2) / 3
    return found


def differences(forward, backward, right):
    """The mean over layers and ordered pairs of different sentences."""
    cosine = lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b)  # noqa: E731
    words_of = [[w for w in range(len(AHEAD)) if SENTENCE[w] == s] for s in range(3)]
    of_teacher = [np.mean([right[w, -1] for w in words], axis=0) for words in words_of]
    found = []
    for number in range(len(LAYERS)):
        ahead, behind = forward[number].reshape(-1, P), backward[number].reshape(-1, P)
        both = [[ahead[AHEAD[w]], behind[BEHIND[w]]][: 1 if number == 0 else 2] for w in range(len(AHEAD))]
        own = [np.mean([np.concatenate(both[w]) for w in words], axis=0) for words in words_of]
        found += [
            (cosine(own[i], own[j]) - cosine(of_teacher[i], of_teacher[j])) ** 2
            for i in range(3) for j in range(3) if i != j
        ]  # fmt: skip
    return np.mean(found)


@pytest.mark.parametrize("language_model", [0.0, 0.5])
@pytest.mark.parametrize("similarity", [0.0, 3.0])
@pytest.mark.parametrize("told", [None, [True] * T + [False] * T])
def test_the_loss_is_that_of_the_formula(language_model, similarity, told):
    rng, forward, backward, right, nats = case()
    config = TeacherConfig(weight=2.0, language_model=language_model, similarity=similarity)
    objective = objective_with(rng, nats, config)
    taught = TaughtWords(
        torch.tensor(AHEAD), torch.tensor(BEHIND), torch.tensor(SENTENCE), torch.from_numpy(right),
        None if told is None else torch.tensor(told),
    )  # fmt: skip
    layers = WindowLayers([*torch.from_numpy(forward)], [*torch.from_numpy(backward)], None)
    found = objective.loss(layers, Given(taught), None, ())
    maps = [map_.detach().numpy() for map_ in objective.maps]
    per_word = 2 * distances(forward, backward, right, maps) + similarity * differences(forward, backward, right)
    counts = np.ones(B * T) if told is None else np.array(told)
    for direction, (where, times) in enumerate([(AHEAD, 1), (BEHIND, 10)]):
        expected = language_model * times * nats * counts
        for word, position in enumerate(where):
            expected[position] += per_word[word]
        assert found[direction].detach().numpy() == pytest.approx(expected, rel=1e-5)
    terms = {name: float(t[0] / t[1]) for name, t in zip(objective.terms, found[2:], strict=True)}
    shown = {"teacher_distance": np.mean(distances(forward, backward, right, maps))}
    if similarity:
        shown["similarity_difference"] = differences(forward, backward, right)
    if language_model:
        shown["language_model_nats"] = np.sum(5.5 * nats * counts) / np.sum(counts)
    assert terms == pytest.approx(shown, rel=1e-5)


def test_the_output_layer_is_trained_only_if_words_are_predicted():
    rng, _, _, _, nats = case()
    for weight, n_parameters in ((0.0, 3), (1.0, 4)):
        objective = objective_with(rng, nats, TeacherConfig(language_model=weight))
        assert len(objective.parameters) == n_parameters


def test_maps_that_know_nothing_cost_the_variance():
    _, forward, backward, _, nats = case()
    right = torch.nn.functional.layer_norm(torch.randn(len(AHEAD), 3, 64), (64,))
    objective = TaughtObjective(
        Nats(torch.from_numpy(nats)), TeacherConfig(weight=1.0, language_model=0), LAYERS, (P, 64), None
    )
    taught = TaughtWords(torch.tensor(AHEAD), torch.tensor(BEHIND), torch.tensor(SENTENCE), right, None)
    layers = WindowLayers([*torch.from_numpy(forward)], [*torch.from_numpy(backward)], None)
    ahead, _, term = objective.loss(layers, Given(taught), None, ())
    assert float(term[0] / term[1]) == pytest.approx(1, rel=1e-3)
    assert ahead[AHEAD].detach().numpy() == pytest.approx(1, rel=1e-3)
    assert float(ahead.detach().sum()) == pytest.approx(len(AHEAD), rel=1e-3)


def test_a_window_without_words_costs_nothing():
    rng, forward, backward, _, nats = case()
    objective = objective_with(rng, nats, TeacherConfig(similarity=1.0, language_model=0))
    none = torch.zeros(0, dtype=torch.int64)
    taught = TaughtWords(none, none, none, torch.zeros(0, 3, D), None)
    layers = WindowLayers([*torch.from_numpy(forward)], [*torch.from_numpy(backward)], None)
    for losses in objective.loss(layers, Given(taught), None, ()):
        assert not losses.detach().any()


def test_cosines_of_means():
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [-1.0, 0.0]])
    found = cosines_of_means(vectors, torch.tensor([0, 0, 3, 7]))
    half = 0.5**0.5
    assert torch.allclose(found, torch.tensor([[1, half, -half], [half, 1, 0], [-half, 0, 1]]), atol=1e-6)
    assert cosines_of_means(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64)).shape == (0, 0)
