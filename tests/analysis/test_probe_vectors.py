"""What is probed: the vectors of chosen tokens, layer by layer, and those of a random model."""

import numpy as np

from elmo.analysis.probe_vectors import ElmoVectors, embed_tokens, random_elmo
from elmo.embed.embedder import Elmo


def test_tokens_are_embedded_where_they_are_asked_for(elmo):
    source, sentences = ElmoVectors(elmo, "model"), [["the", "river"], ["bank"], ["money", ".", "the"]]
    every = embed_tokens(source, sentences)
    assert every.shape == (4, 6, 14)
    chosen = embed_tokens(source, sentences, [1, 0, 2])
    np.testing.assert_array_equal(chosen, every[:, [1, 2, 5]])
    layers = elmo.embed(sentences, layers="all")
    np.testing.assert_allclose(every[:3, 3:], layers[2], atol=2e-3)
    np.testing.assert_allclose(every[3, 3:], np.tile(layers[2][0].mean(axis=0), (3, 1)), atol=2e-3)
    np.testing.assert_allclose(source.views[3].of(every), every[:3].astype(np.float32).mean(axis=0), atol=1e-6)
    wide = embed_tokens(source, sentences, around=True)
    np.testing.assert_array_equal(wide[:4], every)
    both = next(view for view in source.pair_views if view.name == "mean and context").of(wide)
    np.testing.assert_allclose(both[0, :14], layers[0].mean(axis=0)[0], atol=2e-3)
    np.testing.assert_allclose(both[0, 14:], layers[0].mean(axis=0)[1], atol=2e-3)  # of two tokens the other one


def test_a_random_model_has_the_shape_and_nothing_else(model):
    elmo = Elmo(model)
    one, same, other = (random_elmo(elmo, seed).embed([["the", "bank"]])[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert one.shape == elmo.embed([["the", "bank"]])[0].shape
    assert not np.allclose(one, other)
