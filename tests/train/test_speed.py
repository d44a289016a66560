"""What is measured of a step: a clock that the steps move by hand."""

from types import SimpleNamespace

import pytest

from elmo.train import speed
from elmo.train.config import PretrainConfig
from elmo.train.perplexity import NOTHING
from elmo.train.ranks import ALONE
from elmo.train.speed import time_sentences, time_steps


class Clock:
    def __init__(self, monkeypatch):
        self.now, self.monkeypatch = 0.0, monkeypatch
        monkeypatch.setattr(speed.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def trainer_that_takes(clock, seconds):
    """A stand-in for a trainer whose steps take these seconds, the last for ever after."""

    def step(trainer, number, learning_rate, prepared, state):
        clock.now += seconds[min(number, len(seconds) - 1)]
        return SimpleNamespace(state=state)

    clock.monkeypatch.setattr(speed, "train_step", step)

    reader = SimpleNamespace(start=lambda: 0, read=lambda position: (None, position + 1))
    return SimpleNamespace(
        reader=reader,
        ranks=ALONE,
        prepare=lambda number, window: None,
        zero_state=lambda: None,
        config=PretrainConfig(),
    )


def test_a_step_is_the_median_of_those_after_the_warm_up(clock):
    reports = []
    measured = time_steps(trainer_that_takes(clock, [1, 1, 2, 9, 3, 2]), 17, lambda n, s: reports.append((n, s)))
    assert measured == (2.5, 4)
    assert reports == [(1, 1), (2, 2), (3, 4), (4, 13), (5, 16), (6, 18)]


def test_one_step_after_the_warm_up_is_measured_though_time_is_over(clock):
    assert time_steps(trainer_that_takes(clock, [4, 4, 3]), 5) == (3, 1)


def test_a_step_longer_than_the_measuring_ends_it(clock):
    assert time_steps(trainer_that_takes(clock, [7, 1]), 5) == (7, 0)


def test_sentences_are_doubled_until_they_take_long_enough(clock, monkeypatch):
    measured = []

    def measure(model, sentences):
        measured.append(len(sentences))
        clock.now += 3 + 0.5 * len(sentences)
        return NOTHING

    monkeypatch.setattr(speed, "measure_perplexity", measure)
    assert time_sentences(None, [["a"]] * 100, 15) == pytest.approx((3 + 16) / 32)
    assert measured == [8, 16, 32]
    assert time_sentences(None, [["a"]] * 5, 1000) == pytest.approx((3 + 2.5) / 5)
