"""What is dropped depends on the random numbers of the step and on the row, never on who trains the row."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from elmo.model.dropout import Dropout, DropoutConfig

B, T, P = 6, 5, 70


def dropout(rows=slice(0, B), seed=0, **config):
    return Dropout(DropoutConfig(**config), np.random.default_rng(seed), rows, B)


def test_the_fraction_dropped_is_as_asked_and_the_mean_stays():
    x = torch.ones(B, 500, P)
    y = Dropout(DropoutConfig(), np.random.default_rng(0), slice(0, B), B).of_units(x, 0.3)
    assert (y == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert y.mean().item() == pytest.approx(1, abs=0.01)
    assert len(y.unique()) == 2


def test_parts_of_the_rows_drop_what_all_rows_together_drop():
    x = torch.ones(B, T, P)
    whole = dropout(layer_inputs=0.5)
    expected = [whole.of_units(x, 0.5), whole.of_weight(torch.ones(3, 4)), whole.of_units(x, 0.2)]
    for rows in (slice(0, 2), slice(2, 6)):
        part = dropout(rows, layer_inputs=0.5)
        assert torch.equal(part.of_units(x[rows], 0.5), expected[0][rows])
        assert torch.equal(part.of_weight(torch.ones(3, 4)), expected[1])
        assert torch.equal(part.of_units(x[rows], 0.2), expected[2][rows])


def test_variational_dropout_drops_the_same_units_at_every_position():
    y = dropout(variational=True).of_units(torch.ones(B, T, P), 0.5)
    assert (y == y[:, :1]).all()
    assert not (y[0] == y[1]).all()


def test_a_word_is_dropped_wherever_it_is_in_the_step_and_anew_in_another():
    ids = np.arange(4000)
    kept = dropout(words=0.25).scale_of_words(ids)[:, 0]
    assert (kept == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    some = np.array([7, 3000, 12])
    assert torch.equal(dropout(words=0.25).scale_of_words(some)[:, 0], kept[some])
    assert not torch.equal(dropout(words=0.25, seed=1).scale_of_words(ids)[:, 0], kept)
    assert dropout().scale_of_words(ids) is None


def test_weights_are_dropped_once_a_step():
    weight = dropout(recurrent=0.5).of_weight(torch.ones(40, 50))
    assert (weight == 0).float().mean().item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("p", [1.0, -0.1])
def test_a_fraction_outside_of_0_to_1_is_refused(p):
    with pytest.raises(ValidationError):
        DropoutConfig(output=p)
