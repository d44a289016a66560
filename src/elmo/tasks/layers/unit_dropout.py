"""Dropout of a task's units, drawn fast on a CPU."""

import numpy as np
import torch
from torch import Tensor, nn

from elmo.model.dropout import kept_units


class UnitDropout(nn.Dropout):
    """PyTorch's dropout with other random numbers: `torch.manual_seed` decides them too."""

    def forward(self, x: Tensor) -> Tensor:
        """Float of any shape."""
        if not self.training or self.p == 0.0 or x.device.type != "cpu":
            return super().forward(x)
        random = np.random.default_rng(int(torch.randint(2**62, ())))
        return x * kept_units(random, x.shape, self.p).to(x.dtype)
