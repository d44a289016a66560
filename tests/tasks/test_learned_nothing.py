"""Whether a model tells examples apart is read in its predictions and scores."""

import numpy as np
import pytest

from elmo.tasks.examples import Example
from elmo.tasks.kinds.task_model import Confusion, TaskModel
from elmo.tasks.learned_nothing import no_better_than_a_constant, training_warning
from elmo.tasks.predictions import Answer, Answered, Labelled


class Toy(TaskModel):
    """Accuracy, and confusions that are given."""

    main_score = "accuracy"

    def __init__(self, pairs=(), right=None):
        super().__init__()
        self.pairs, self.right = [Confusion(*pair) for pair in pairs], right

    def counts(self, examples, predicted):
        right = self.right or [e.labels == p.labels for e, p in zip(examples, predicted, strict=True)]
        return np.array([right, [1] * len(examples)]).T

    def scores(self, sums):
        return {"accuracy": 100 * sums[..., 0] / sums[..., 1]}

    def confusions(self, examples, predicted):
        return self.pairs


def example(label="x", answers=()):
    return Example([], [label], "", 1, answer_spans=answers)


def labelled(*labels):
    return [Labelled([label], {label: 1.0}) for label in labels]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([({0: "a"}, {0: "a"}), ({0: "b"}, {0: "a"})], "predicts 'a' for every example"),
        ([({0: "a"}, {0: "a"}), ({0: "b"}, {0: "b"})], None),
        ([({0: "a"}, {0: "a"}), ({0: "a"}, {0: "a"})], None),  # of the examples there is one label only
        ([({(0, 1): "PER"}, {}), ({}, {})], "predicts nothing for any example"),
        ([({(0, 1): "PER"}, {(0, 1): "PER"}), ({}, {})], None),
        ([({"x": "x", "y": "y"}, {"y": "y"}), ({"y": "y"}, {"y": "y"})], "predicts 'y' for every example"),
        ([({0: "N", 1: "V"}, {0: "N", 1: "N"}), ({0: "N"}, {0: "N"})], "predicts 'N' for every token"),
        ([({0: "N", 1: "V"}, {0: "N", 1: "V"}), ({0: "N"}, {0: "N"})], None),
        ([({0: "N", 1: "N"}, {0: "N", 1: "N"}), ({0: "N"}, {0: "N"})], None),
    ],
)
def test_one_answer_for_everything_is_seen(pairs, expected):
    model = Toy(pairs, right=[1] * len(pairs))
    assert no_better_than_a_constant(model, [example()] * len(pairs), labelled(*"x" * len(pairs))) == expected


def test_a_score_of_zero_in_every_epoch_is_seen():
    model, examples, predicted = Toy(right=[0, 0]), [example("a"), example("b")], labelled("b", "a")
    assert no_better_than_a_constant(model, examples, predicted, [0.0, 0.0]) == "scores 0.00 (accuracy)"
    assert no_better_than_a_constant(model, examples, predicted, [0.0, 3.0]) is None


def test_the_score_of_the_most_frequent_label_in_every_epoch_is_seen():
    model, examples = Toy(), [example(label) for label in "aaab"]
    reason = no_better_than_a_constant(model, examples, labelled(*"aaac"), [75.0, 75.0])
    assert reason == "scores as always predicting 'a' does, 75.00 (accuracy), in every epoch"
    assert no_better_than_a_constant(model, examples, labelled(*"aaac"), [50.0, 75.0]) is None
    assert no_better_than_a_constant(model, examples, labelled(*"aaba"), [75.0, 75.0]) is None  # in the end it is 50


def test_no_answer_to_any_question_is_seen():
    nothing, something = Answered([Answer(0, 0, "", 1.0)]), Answered([Answer(0, 1, "a", 1.0)])
    examples = [example(answers=((0, 1),)), example()]
    model = Toy(right=[1, 1])
    assert no_better_than_a_constant(model, examples, [nothing, nothing]) == "finds no answer to any question"
    assert no_better_than_a_constant(model, examples, [nothing, something]) is None
    assert no_better_than_a_constant(model, [example()] * 2, [nothing, nothing]) is None


def test_the_warning_says_what_happened_and_what_to_try():
    assert training_warning("scores 0.00 (f1)", 3, 12, 100) == (
        "the task has learned nothing: on the dev file, after 3 epochs, it scores 0.00 (f1); the learning rate was still "
        "warming up (12 of 100 steps): raise epochs, or lower optimizer.warmup_steps"
    )
    assert "elmo doctor" in training_warning("scores 0.00 (f1)", 3, 100, 100)
    assert "after 1 epoch, it" in training_warning("scores 0.00 (f1)", 1, 100, 100)
