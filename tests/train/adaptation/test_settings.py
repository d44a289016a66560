"""The settings of an adaptation: the length of its first phase; runs that adapt nothing are written as before."""

import pytest

from elmo.errors import ConfigError
from elmo.train.adaptation.settings import MOST_SOFTMAX_STEPS, AdaptationConfig
from elmo.train.recipe import pretrain_config


@pytest.mark.parametrize(
    ("given", "n_steps", "new_softmax", "steps"),
    [
        (None, 100, False, 0),
        (None, 100, True, 25),
        (None, 10**6, True, MOST_SOFTMAX_STEPS),
        (7, 100, False, 7),
        (0, 100, True, 0),
    ],
)
def test_only_a_new_softmax_is_learned_first_unless_asked_otherwise(given, n_steps, new_softmax, steps):
    assert AdaptationConfig(softmax_steps=given).settled(n_steps, new_softmax).softmax_steps == steps


def test_a_run_that_adapts_nothing_has_no_such_setting():
    assert "adaptation" not in pretrain_config({}, []).model_dump_json()
    assert pretrain_config({}, ["adaptation.layer_rate=0.5"]).adaptation.layer_rate == 0.5


def test_a_misspelt_setting_is_named():
    with pytest.raises(
        ConfigError, match=r"adaptation\.layer_rat: no such setting; did you mean adaptation\.layer_rate"
    ):
        pretrain_config({}, ["adaptation.layer_rat=0.5"])
