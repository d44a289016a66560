"""Highway layers (Srivastava et al. 2015): each decides, unit by unit, how much to change its input."""

import torch
from torch import Tensor, nn

from elmo.model.kernels.products import linear_in


def highway(
    x: Tensor,
    carry_weight: Tensor,
    carry_bias: Tensor,
    transform_weight: Tensor,
    transform_bias: Tensor,
    precision: torch.dtype | None = None,
) -> Tensor:
    """y = c * relu(x W_transform + b_transform) + (1 - c) * x, with c = sigmoid(x W_carry + b_carry).

    In the published files "carry" is the gate of the *transformed* part. The activation is relu in every published
    model, whatever the activation of the convolutions.

    Args:
        x: float (N, F).
        carry_weight, transform_weight: float (F, F), output units first.
        carry_bias, transform_bias: float (F,).
        precision: of the products; None: that of `x`.
    Returns:
        float (N, F).
    """
    gate = torch.sigmoid(linear_in(x, carry_weight, carry_bias, precision))  # (N, F)
    changed = torch.relu(linear_in(x, transform_weight, transform_bias, precision))  # (N, F)
    return torch.lerp(x, changed, gate)  # (N, F)


class Highway(nn.Module):
    """The parameters of one `highway` layer; starts close to the identity (gate bias -2)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.carry = nn.Linear(size, size)
        self.transform = nn.Linear(size, size)
        for linear in (self.carry, self.transform):
            nn.init.normal_(linear.weight, std=size**-0.5)
            nn.init.zeros_(linear.bias)
        nn.init.constant_(self.carry.bias, -2.0)

    def forward(self, x: Tensor, precision: torch.dtype | None = None) -> Tensor:
        """float (N, F) -> float (N, F); products run in `precision`, None: that of `x`."""
        return highway(x, self.carry.weight, self.carry.bias, self.transform.weight, self.transform.bias, precision)
