"""The convolutions of training against their readable twin."""

import pytest
import torch

from elmo.model.char_cnn import CharCNN, convolve_characters
from elmo.model.config import CharCNNConfig
from elmo.model.fast_char_cnn import convolve_fast
from elmo.text.words.characters import encode_words

WORDS = ["a", "river", "x" * 30, "ö", "", "<S>", "bank", "y" * 10, "zz"]


def char_cnn(filters, activation="relu"):
    torch.manual_seed(0)
    config = CharCNNConfig(embedding_size=3, filters=filters, n_highway=2, max_characters=13, activation=activation)
    return CharCNN(config, 7).double()


@pytest.mark.parametrize("filters", [((1, 4), (3, 5)), ((3, 5), (1, 4), (2, 6)), ((4, 2),)], ids=str)
def test_maxima_and_gradients_are_those_of_the_twin_whatever_the_order_of_widths(filters):
    cnn = char_cnn(filters)
    embedded = torch.randn(4, 13, 3, dtype=torch.float64)
    results = []
    for fast in (False, True):
        leaves = [t.detach().clone().requires_grad_() for t in (embedded, *cnn.conv_weights, *cnn.conv_biases)]
        weights, biases = leaves[1 : 1 + len(filters)], leaves[1 + len(filters) :]
        if fast:
            maxima = torch.tanh(convolve_fast(leaves[0], weights, biases, None))
        else:
            maxima = convolve_characters(leaves[0], weights, biases, "tanh")
        maxima.cos().sum().backward()
        results.append([maxima, *(t.grad for t in leaves)])
    for slow, fast in zip(*results, strict=True):
        assert torch.allclose(slow, fast, atol=1e-12)


@pytest.mark.parametrize("way", ["forward_train", "forward_cuda"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_token_layer_of_training_is_that_of_inference(activation, way):
    cnn = char_cnn(((1, 4), (3, 5)), activation)
    char_ids = torch.from_numpy(encode_words(WORDS, 13))
    read = getattr(cnn, way)
    assert torch.allclose(read(char_ids, None), cnn(char_ids), atol=1e-12)
    slow, fast = (torch.autograd.grad(y.sin().sum(), list(cnn.parameters()), materialize_grads=True)
                  for y in (cnn(char_ids), read(char_ids, None)))  # fmt: skip
    for a, b in zip(slow, fast, strict=True):
        assert torch.allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("way", ["forward_train", "forward_cuda"])
def test_in_bfloat16_the_token_layer_is_close(way):
    cnn = char_cnn(((1, 4), (3, 5))).float()
    char_ids = torch.from_numpy(encode_words(WORDS, 13))
    exact, low = cnn(char_ids), getattr(cnn, way)(char_ids, torch.bfloat16)
    assert low.dtype == torch.float32
    assert (exact - low).norm() < 0.02 * exact.norm()
