"""Layers of a biLM from the top down, and their learning rates ("discriminative fine-tuning", Howard & Ruder 2018)."""

from torch import nn

from elmo.model.bilm import BiLM


def layers_from_top(bilm: BiLM) -> list[list[nn.Parameter]]:
    """The weights of each layer, both directions together: the top layer first, the token layer last."""
    pairs = zip(bilm.forward_lm.layers, bilm.backward_lm.layers, strict=True)
    layers = [[*ahead.parameters(), *behind.parameters()] for ahead, behind in pairs]
    token = [p for part in (bilm.char_cnn, bilm.word_embedding) if part is not None for p in part.parameters()]
    return [*reversed(layers), token]


def rate_factors(bilm: BiLM, layer_rate: float) -> list[float]:
    """A factor of the learning rate for each of `bilm.parameters()`: `layer_rate ** depth`, the top layer at depth 1."""
    depth_of = {id(p): depth for depth, layer in enumerate(layers_from_top(bilm), start=1) for p in layer}
    return [layer_rate ** depth_of[id(p)] for p in bilm.parameters()]
