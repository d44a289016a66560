"""Embedding by filled-up rows gives what the LSTM's own way gives."""

import pytest
import torch

from conftest import SMALL
from elmo.model.encoders.lstm.lstm_encoder import LSTMEncoder
from elmo.model.encoders.runner import PlainRunner, positions_of
from elmo.model.encoders.state import BiLMState


def test_positions_of_packed_rows():
    assert positions_of([3, 2, 1]).t().tolist() == [[0, 3, 5], [1, 4, 6], [2, 6, 6]]
    assert positions_of([]).shape == (0, 0)


@torch.no_grad()
@pytest.mark.parametrize("batch_sizes", [[6, 6, 4, 1], [2, 1], []])
def test_layers_and_state_are_those_of_the_packed_lstm(batch_sizes):
    torch.manual_seed(0)
    lms = [LSTMEncoder(SMALL.encoder), LSTMEncoder(SMALL.encoder)]
    P, n_rows = SMALL.projection_size, batch_sizes[0] if batch_sizes else 0
    ahead, behind = torch.randn(2, sum(batch_sizes), P)
    states = [BiLMState(*(lm.start_state(n_rows, torch.zeros(())) for lm in lms)).map(lambda t: t + 0.5) for _ in "ab"]
    fast = list(lms[0].prepack(lms[1], torch.float32).read(ahead, behind, batch_sizes, states[0]))
    slow = list(PlainRunner(*lms).read(ahead, behind, batch_sizes, states[1]))
    for pair, expected in zip(fast, slow, strict=True):
        torch.testing.assert_close(pair, expected, atol=1e-5, rtol=0)
    for own, right in zip(states[0].tensors(), states[1].tensors(), strict=True):
        torch.testing.assert_close(own, right, atol=1e-5, rtol=0)
