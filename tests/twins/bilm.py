"""The biLM in slow NumPy, written from the formulas (Peters et al. 2018; FORMATS: file layout), float64, one token at a time.

Reads the arrays of a published weights file as they are stored there; shares no code with `elmo`.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def spell(word, max_characters=50):
    """Character ids of inference: bytes + 1, marks 257-261."""
    codes = {"<S>": [256], "</S>": [257]}.get(word, list(word.encode("utf-8", "ignore"))[: max_characters - 2])
    row = [258, *codes, 259]
    return np.array(row + [260] * (max_characters - len(row))) + 1


def token_vector(char_ids, options, w):
    """One token: character ids (C,) -> (P,)."""
    cnn = options["char_cnn"]
    table = np.vstack([np.zeros((1, cnn["embedding"]["dim"])), w["char_embed"]]).astype(np.float64)
    x = table[char_ids]
    activation = {"relu": lambda v: np.maximum(v, 0), "tanh": np.tanh}[cnn["activation"]]
    features = []
    for i, (width, number) in enumerate(cnn["filters"]):
        kernel, bias = w[f"CNN/W_cnn_{i}"][0], w[f"CNN/b_cnn_{i}"]
        best = np.full(number, -np.inf)
        for start in range(len(x) - width + 1):
            value = bias.astype(np.float64).copy()
            for k in range(width):
                value += x[start + k] @ kernel[k]
            best = np.maximum(best, activation(value))
        features.append(best)
    y = np.concatenate(features)
    for i in range(cnn.get("n_highway") or 0):
        carry = sigmoid(y @ w[f"CNN_high_{i}/W_carry"] + w[f"CNN_high_{i}/b_carry"])
        transformed = np.maximum(y @ w[f"CNN_high_{i}/W_transform"] + w[f"CNN_high_{i}/b_transform"], 0)
        y = carry * transformed + (1 - carry) * y
    return y @ w["CNN_proj/W_proj"] + w["CNN_proj/b_proj"]


def lstm_step(x, c, h, kernel, bias, projection, cell_clip, proj_clip):
    """TensorFlow's LSTMCell with num_proj: gates i, j, f, o; forget bias 1."""
    gates = np.concatenate([x, h]) @ kernel + bias
    i, j, f, o = np.split(gates, 4)
    c = sigmoid(f + 1.0) * c + sigmoid(i) * np.tanh(j)
    if cell_clip is not None:
        c = np.clip(c, -cell_clip, cell_clip)
    h = (sigmoid(o) * np.tanh(c)) @ projection
    if proj_clip is not None:
        h = np.clip(h, -proj_clip, proj_clip)
    return c, h


def run_direction(tokens, number, options, w, state):
    """Layers of one direction over tokens (T, P), read in the given order; returns outputs (layers, T, P) and the state."""
    lstm = options["lstm"]
    outputs, after = [], []
    x = tokens
    for layer in range(lstm["n_layers"]):
        prefix = f"RNN_{number}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
        c, h = state[layer]
        y = []
        for t in range(len(x)):
            c, h = lstm_step(
                x[t],
                c,
                h,
                w[f"{prefix}/W_0"],
                w[f"{prefix}/B"],
                w[f"{prefix}/W_P_0"],
                lstm["cell_clip"],
                lstm["proj_clip"],
            )
            y.append(h + x[t] if layer > 0 and lstm["use_skip_connections"] else h)
        after.append((c, h))
        x = np.array(y)
        outputs.append(x)
    return np.array(outputs), after


def zero_state(options):
    lstm = options["lstm"]
    return [(np.zeros(lstm["dim"]), np.zeros(lstm["projection_dim"])) for _ in range(lstm["n_layers"])]


def bilm_of(words, options, w, state=None):
    """All layers of one sentence, boundaries included: (L, T + 2, 2P), and the state of both directions."""
    forward_state, backward_state = state or (zero_state(options), zero_state(options))
    C = options["char_cnn"]["max_characters_per_token"]
    tokens = np.array([token_vector(spell(word, C), options, w) for word in ["<S>", *words, "</S>"]])
    forward, forward_after = run_direction(tokens, 0, options, w, forward_state)
    backward, backward_after = run_direction(tokens[::-1], 1, options, w, backward_state)
    layers = [np.concatenate([tokens, tokens], axis=1)]
    layers += [np.concatenate([f, b[::-1]], axis=1) for f, b in zip(forward, backward, strict=True)]
    return np.array(layers), (forward_after, backward_after)


def scalar_mix(layers, weights, gamma):
    """Equation 1: layers (L, T, D) -> (T, D)."""
    e = np.exp(np.array(weights) - np.max(weights))
    total = np.zeros(layers.shape[1:])
    for weight, layer in zip(e / e.sum(), layers, strict=True):
        total = total + weight * layer
    return gamma * total
