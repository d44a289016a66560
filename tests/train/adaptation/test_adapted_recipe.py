"""What an adaptation sets by itself: its own defaults, and what the length of its text decides."""

import pytest

from elmo.errors import ConfigError
from elmo.train.adaptation.adapted_recipe import DEFAULTS, MOST_WARMUP, adaptation_settings, settled_recipe
from elmo.train.recipe import pretrain_config

RECIPE = {"rows": 10, "window": 10, "epochs": 10}


def settled(n_positions, given=(), fraction_old=0.0, max_steps=None, new_softmax=False):
    recipe = pretrain_config(adaptation_settings(RECIPE), list(given))
    return settled_recipe(recipe, n_positions, fraction_old, max_steps, new_softmax)


def test_a_recipe_has_the_last_word_over_the_defaults():
    assert adaptation_settings({}) == DEFAULTS
    given = adaptation_settings({"optimizer": {"name": "sgd"}, "adaptation": {"mix": 0.5}, "epochs": 3})
    assert given["optimizer"] == {"learning_rate": DEFAULTS["optimizer"]["learning_rate"], "name": "sgd"}
    assert (given["epochs"], given["adaptation"]) == (3, {"mix": 0.5})
    with pytest.raises(ConfigError, match="adaptation = none: a model is not adapted so"):
        adaptation_settings({"adaptation": None})


@pytest.mark.parametrize(
    ("n_positions", "given", "evaluate_every", "warmup"),
    [
        (500, [], 10, 2),  # 5 steps an epoch, 50 in all
        (3_000, [], 30, 15),
        (10**6, [], 250, MOST_WARMUP),
        (3_000, ["evaluate_every=7", "optimizer.warmup_steps=0"], 7, 0),
    ],
)
def test_evaluations_and_the_warm_up_follow_the_length_of_the_text(n_positions, given, evaluate_every, warmup):
    found = settled(n_positions, given)
    assert (found.evaluate_every, found.optimizer.warmup_steps) == (evaluate_every, warmup)


def test_old_text_makes_an_epoch_longer():
    assert settled(3_000, fraction_old=0.5).evaluate_every == 60
    assert settled(3_000, fraction_old=0.25, new_softmax=True).adaptation.softmax_steps == 100


def test_the_first_phase_is_a_quarter_of_a_short_run():
    assert settled(3_000, new_softmax=True, max_steps=40).adaptation.softmax_steps == 10


def test_a_run_that_adapts_nothing_stays_as_it_is():
    recipe = pretrain_config(RECIPE, [])
    assert settled_recipe(recipe, 100, 0.0, None, False) is recipe
