"""What an encoder does unless it knows a faster way: both directions one after the other."""

import pytest
import torch

from conftest import SMALL, small_model
from elmo.model.bilm import already_reversed, reverse_rows
from elmo.model.dropout import DropoutConfig
from elmo.model.encoders.context_encoder import ContextEncoder, TrainingPass
from elmo.model.encoders.gated_cnn.settings import GatedCNNConfig
from elmo.model.encoders.kinds import build_encoder
from elmo.model.encoders.runner import PlainRunner

CNN = SMALL.model_copy(update={"encoder": GatedCNNConfig(n_layers=2, channels=5, projection_size=7)})
B, T, P = 2, 4, 7


@torch.no_grad()
@pytest.mark.parametrize("config", [SMALL, CNN], ids=["lstm", "gated_cnn"])
def test_each_direction_reads_what_it_is_given_in_its_own_order(config):
    bilm = small_model(config, scale=1.0).bilm
    ahead_in, behind_in = torch.randn(2, B, T, P)
    ahead, behind, after = bilm.both_directions(ahead_in, already_reversed(behind_in), None)
    start = bilm.start_state(B)
    own_ahead, ahead_state = bilm.forward_lm(ahead_in, None, start.forward)
    own_behind, behind_state = bilm.backward_lm(behind_in, None, start.backward)
    for found, expected in ((ahead, own_ahead), (behind, own_behind)):
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    for half, expected in zip(after, (ahead_state, behind_state), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(half, expected, strict=True))


@torch.no_grad()
@pytest.mark.parametrize("config", [SMALL, CNN], ids=["lstm", "gated_cnn"])
def test_a_window_of_training_and_a_batch_of_sentences_have_the_same_layers(config):
    bilm = small_model(config, scale=1.0).bilm
    tokens, mask = torch.randn(B, T, P), torch.ones(B, T, dtype=torch.bool)
    plain, _ = bilm.contextualise(tokens, mask)
    ahead, behind, _ = bilm.both_directions(tokens, lambda x: reverse_rows(x, mask), None, None, TrainingPass())
    for number in (1, 2):
        torch.testing.assert_close(plain[:, number, :, :P], ahead[number - 1], atol=1e-5, rtol=0)
        torch.testing.assert_close(plain[:, number, :, P:], reverse_rows(behind[number - 1], mask), atol=1e-5, rtol=0)


@pytest.mark.parametrize("config", [SMALL, CNN], ids=["lstm", "gated_cnn"])
def test_what_takes_more_memory_is_reported_to_take_more(config):
    encoder = build_encoder(config.encoder)
    plain = encoder.step_bytes(100, 4, False, DropoutConfig())
    assert encoder.step_bytes(300, 4, False, DropoutConfig()).kept == 3 * plain.kept
    assert encoder.step_bytes(100, 4, True, DropoutConfig()).kept > plain.kept
    assert encoder.step_bytes(100, 4, False, DropoutConfig(layer_inputs=0.1)).kept > plain.kept
    assert encoder.position_bytes() > 0


def test_two_encoders_of_different_kinds_embed_by_the_plain_way():
    lstm, cnn = build_encoder(SMALL.encoder), build_encoder(CNN.encoder)
    assert isinstance(lstm.prepack(cnn, torch.float32), PlainRunner)
    assert isinstance(cnn.prepack(lstm, torch.float32), PlainRunner)
    assert not isinstance(lstm.prepack(lstm, torch.float32), PlainRunner)


def test_a_class_without_a_forward_pass_says_so():
    for call in (
        lambda e: e(torch.zeros(1, 1, 7)),
        lambda e: e.start_state(1, torch.zeros(())),
        lambda e: e.step_bytes(1, 4, False, DropoutConfig()),
        lambda e: e.position_bytes(),
    ):
        with pytest.raises(NotImplementedError):
            call(ContextEncoder())
