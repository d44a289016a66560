"""Layers -> ELMo vectors: the learned weighting of the layers (Peters et al. 2018, section 3.2, equation 1)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elmo.errors import ShapeError

ALLENNLP_EPSILON = 1e-13
BILM_TF_EPSILON = 1e-12


def normalise_layers(layers: Tensor, mask: Tensor, epsilon: float) -> Tensor:
    """Layer norm as published: one mean and one variance a layer, over all unmasked tokens and features of the batch.

    No gain, no bias. AllenNLP counts `<S>` and `</S>` among the tokens, bilm-tf does not: the mask decides.

    Args:
        layers: float (B, L, T, D). mask: bool (B, T), True = token. epsilon: added to the variance.
    Returns:
        float (B, L, T, D); padding is 0.
    """
    kept = mask[:, None, :, None].to(layers.dtype)  # (B, 1, T, 1)
    number = kept.sum() * layers.shape[3]
    mean = (layers * kept).sum(dim=(0, 2, 3), keepdim=True) / number  # (1, L, 1, 1)
    variance = (((layers - mean) * kept) ** 2).sum(dim=(0, 2, 3), keepdim=True) / number  # (1, L, 1, 1)
    return (layers - mean) * kept / torch.sqrt(variance + epsilon)  # (B, L, T, D)


def mix_layers(layers: Tensor, weights: Tensor, gamma: Tensor) -> Tensor:
    """Mix the biLM layers into one vector per token (Peters et al. 2018, section 3.2, equation 1).

    Args:
        layers: float (B, L, T, D), token layer first, padding all zero.
        weights: float (L,), before the softmax.
        gamma: float (), scales the whole vector.
    Returns:
        float (B, T, D); padding stays all zero.
    Raises:
        ShapeError: there is not one weight per layer.
    """
    if weights.shape != layers.shape[1:2]:
        raise ShapeError(
            f"scalar mix: {weights.numel()} weights for {layers.shape[1]} layers; give one weight per layer"
        )
    probs = weights.softmax(dim=0)  # (L,)
    return gamma * torch.einsum("l,bltd->btd", probs, layers)  # (B, T, D)


class ScalarMix(nn.Module):
    """The learned weights and gamma of `mix_layers`; starts as the plain average of the layers.

    Args:
        n_layers: L.
        weights: start values before the softmax; None: zeros.
        gamma: start value of the scale.
        layer_norm: normalise each layer first (`normalise_layers`).
        epsilon: of the layer norm; AllenNLP's unless given.
        trainable: False keeps weights and gamma as they are.
    """

    def __init__(
        self,
        n_layers: int,
        weights: Sequence[float] | None = None,
        gamma: float = 1.0,
        layer_norm: bool = False,
        epsilon: float = ALLENNLP_EPSILON,
        trainable: bool = True,
    ) -> None:
        super().__init__()
        start = [0.0] * n_layers if weights is None else list(weights)
        if len(start) != n_layers:
            raise ShapeError(f"scalar mix: {len(start)} weights for {n_layers} layers; give one weight per layer")
        self.weights = nn.Parameter(torch.tensor(start), requires_grad=trainable)
        self.gamma = nn.Parameter(torch.tensor(float(gamma)), requires_grad=trainable)
        self.layer_norm = layer_norm
        self.epsilon = epsilon

    def forward(self, layers: Tensor, mask: Tensor) -> Tensor:
        """layers float (B, L, T, D), mask bool (B, T) -> float (B, T, D)."""
        if self.layer_norm:
            layers = normalise_layers(layers, mask, self.epsilon)
        return mix_layers(layers, self.weights, self.gamma)
