"""Scores by kind of test example: each text is of one kind, and a kind's accuracy counts its own."""

import pytest

from benchmarks.measure.tasks.task_groups import pairs_by_negation, texts_by_turn
from benchmarks.pages.tasks import _mean_groups
from elmo.tasks.examples import Example, with_blanks
from elmo.tasks.predictions import Labelled


def of(text, label, other=None):
    text, tokens = with_blanks(text.split())
    return Example(tokens, [label], text, 1, other)


def test_texts_are_told_apart_by_what_turns_them_round():
    texts = [("It is n't good but short", "-"), ("Good , But long", "+"), ("good", "+"), ("bad yet", "-"), ("bad", "-")]
    predicted = [Labelled([label], {}) for label in "-+++-"]
    found = texts_by_turn([of(*text) for text in texts], predicted)
    assert found == {
        "with a negation": (1, 100.0), "with a turn, no negation": (2, 50.0), "with neither": (2, 100.0)
    }  # fmt: skip


def test_pairs_are_told_apart_by_label_and_negation_in_either_text():
    pairs = [of("a man", "NEUTRAL", of("No man", "")), of("a man", "NEUTRAL", of("a dog", ""))]
    found = pairs_by_negation(pairs, [Labelled(["NEUTRAL"], {}), Labelled(["ENTAILMENT"], {})])
    assert found == {"neutral, with a negation": (1, 100.0), "neutral, without a negation": (1, 0.0)}


def test_a_kind_has_the_mean_of_the_seeds():
    seeds = [
        {"groups": [["x", 3, 80.0, 70.0], ["y", 5, 60.0, 50.0]]},
        {"groups": [["x", 3, 90.0, 71.0], ["y", 5, 60.0, 52.0]]},
    ]
    (x, n, with_elmo, without), y = _mean_groups(seeds)
    assert (x, n, y) == ("x", 3, ("y", 5, 60.0, 51.0))
    assert (with_elmo, without) == pytest.approx((85.0, 70.5))
    assert _mean_groups([]) == []
