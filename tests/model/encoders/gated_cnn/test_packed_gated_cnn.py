"""The gated CNN for embedding gives what the readable one gives."""

import pytest
import torch

from elmo.model.encoders.gated_cnn import packed_gated_cnn
from elmo.model.encoders.gated_cnn.gated_cnn import GatedCNN, NoState
from elmo.model.encoders.gated_cnn.packed_gated_cnn import window_indices
from elmo.model.encoders.gated_cnn.settings import GatedCNNConfig
from elmo.model.encoders.runner import PlainRunner
from elmo.model.encoders.state import BiLMState

CONFIG = GatedCNNConfig(n_layers=3, channels=11, kernel_width=4, projection_size=7)
NOTHING = BiLMState(NoState(), NoState())


def test_window_indices_are_those_of_the_row_and_end_with_the_token_itself():
    # rows of 3, 2 and 1 tokens: indices 0 1 2 | 3 4 | 5
    seen = window_indices([3, 2, 1], 3)
    assert seen.tolist() == [[6, 6, 0], [6, 6, 1], [6, 6, 2], [6, 0, 3], [6, 1, 4], [0, 3, 5]]
    assert window_indices([], 3).shape == (0, 3)


@torch.no_grad()
@pytest.mark.parametrize(("precision", "error"), [(torch.float32, 1e-5), (torch.bfloat16, 0.1), (torch.int8, 0.2)])
@pytest.mark.parametrize("batch_sizes", [[4, 4, 3, 1, 1], [1, 1], [1], []])
def test_every_precision_gives_the_layers_of_the_readable_way(precision, error, batch_sizes, monkeypatch):
    monkeypatch.setattr(packed_gated_cnn, "AT_ONCE", 3)
    torch.manual_seed(0)
    lms = [GatedCNN(CONFIG), GatedCNN(CONFIG)]
    ahead, behind = torch.randn(2, sum(batch_sizes), 7)
    fast = list(lms[0].prepack(lms[1], precision).read(ahead, behind, batch_sizes, NOTHING))
    slow = list(PlainRunner(*lms).read(ahead, behind, batch_sizes, NOTHING))
    assert len(fast) == len(slow) == 3
    for pair, expected in zip(fast, slow, strict=True):
        for own, right in zip(pair, expected, strict=True):
            torch.testing.assert_close(own, right, atol=error, rtol=0)
    if batch_sizes:
        assert not torch.equal(fast[-1][0], ahead)
