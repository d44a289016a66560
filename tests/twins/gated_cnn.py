"""A gated CNN in NumPy, token by token, from the formulas (Dauphin et al. 2017, section 2; Peters et al. 2018b, section 3.3)."""

import numpy as np


def run_direction(tokens, layers):
    """tokens (T, P); of each layer kernel (2C, k, P), bias (2C,), projection (P, C) -> (L, T, P) without the token layer."""
    outputs, x = [], tokens
    for kernel, bias, projection in layers:
        k, C = kernel.shape[1], kernel.shape[0] // 2
        y = []
        for t in range(len(x)):
            both = bias.copy()
            for j in range(k):
                seen = t - (k - 1) + j  # the last position of the kernel is the token itself
                if seen >= 0:
                    both += kernel[:, j] @ x[seen]
            gated = both[:C] / (1 + np.exp(-both[C:]))
            y.append(x[t] + projection @ gated)
        x = np.array(y).reshape(tokens.shape)
        outputs.append(x)
    return np.array(outputs)


def bilm_of(tokens, forward_layers, backward_layers):
    """All layers of one sentence: tokens (T, P) -> (L, T, 2P)."""
    forward, backward = run_direction(tokens, forward_layers), run_direction(tokens[::-1], backward_layers)
    layers = [np.concatenate([tokens, tokens], axis=1)]
    return np.array([*layers, *(np.concatenate([f, b[::-1]], axis=1) for f, b in zip(forward, backward, strict=True))])
