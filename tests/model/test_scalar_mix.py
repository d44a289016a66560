"""The mix of the layers (Peters et al. 2018, equation 1) beside its twin."""

import numpy as np
import pytest
import torch

from elmo.model.scalar_mix import ScalarMix, mix_layers, normalise_layers
from twins import bilm as twin


def test_the_scalar_mix_agrees_with_its_twin():
    rng = np.random.default_rng(0)
    layers, weights = rng.normal(size=(2, 3, 5, 14)), [0.3, -0.7, 1.1]
    mixed = mix_layers(torch.from_numpy(layers), torch.tensor(weights, dtype=torch.float64), torch.tensor(1.7))
    for b in range(2):
        assert np.allclose(mixed[b], twin.scalar_mix(layers[b], weights, 1.7), atol=1e-12)


def test_layer_norm_takes_one_mean_and_variance_a_layer_over_unmasked_tokens():
    rng = np.random.default_rng(0)
    layers, mask = rng.normal(size=(2, 3, 5, 14)), np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], dtype=bool)
    layers *= mask[:, None, :, None]
    ours = normalise_layers(torch.from_numpy(layers), torch.from_numpy(mask), 1e-12).numpy()
    for k in range(3):
        kept = layers[:, k][mask]
        expected = (kept - kept.mean()) / np.sqrt(kept.var() + 1e-12)
        assert np.allclose(ours[:, k][mask], expected, atol=1e-12)
        assert not ours[:, k][~mask].any()


def test_a_new_mix_is_the_plain_average_and_its_weights_are_counted():
    layers, mask = torch.randn(2, 3, 5, 14), torch.ones(2, 5, dtype=torch.bool)
    assert torch.allclose(ScalarMix(3)(layers, mask), layers.mean(1), atol=1e-6)
    with pytest.raises(ValueError, match="2 weights for 3 layers"):
        ScalarMix(3, weights=[1, 2])
    with pytest.raises(ValueError, match="4 weights for 3 layers"):
        mix_layers(layers, torch.zeros(4), torch.tensor(1.0))
