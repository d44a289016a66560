"""ELMoForManyLangs in slow NumPy, from the formulas (Che et al. 2018; FORMATS, section 10), float64, one token at a time.

Reads dictionaries and tensors as they are stored; shares no code with `elmo`.
"""

import numpy as np

from twins.bilm import sigmoid


def char_row(word, dic, C):
    """Ids of a word: it begins with <eow> and ends with <bow>, as that program has it."""
    inner = [dic[word]] if word in ("<bos>", "<eos>") else [dic.get(character, dic["<oov>"]) for character in word]
    row = [dic["<eow>"], *inner, dic["<bow>"]]
    return row + [dic["<pad>"]] * (C - len(row))


def token_vector(word, options, t, char_dic, word_dic):
    """One token: (P,). `t`: the tensors of token_embedder.pkl as arrays."""
    C = options["max_characters_per_token"]
    if word not in ("<bos>", "<eos>"):
        word = word[: C - 2]
    parts = []
    if word_dic:
        parts.append(t["word_emb_layer.embedding.weight"][word_dic.get(word, word_dic["<oov>"])].astype(float))
    if char_dic:
        x = t["char_emb_layer.embedding.weight"][char_row(word, char_dic, C)].astype(float)
        features = []
        for i, (width, _) in enumerate(options["filters"]):
            kernel, bias = t[f"convolutions.{i}.weight"], t[f"convolutions.{i}.bias"]
            positions = [
                bias + sum(kernel[:, :, k] @ x[start + k] for k in range(width)) for start in range(C - width + 1)
            ]
            best = np.max(positions, axis=0)
            features.append(np.maximum(best, 0) if options["activation"] == "relu" else np.tanh(best))
        y = np.concatenate(features)
        for k in range(options["n_highway"]):
            both = t[f"highways._layers.{k}.weight"] @ y + t[f"highways._layers.{k}.bias"]
            changed, gate = np.split(both, 2)
            g = sigmoid(gate)
            y = g * y + (1 - g) * np.maximum(changed, 0)
        parts.append(y)
    return t["projection.weight"] @ np.concatenate(parts) + t["projection.bias"]


def run_direction(x, name, options, t):
    """Layers (layers, T, P) of one direction over (T, P), in the given order: gates i, f, j, o, skip connections always."""
    outputs = []
    for layer in range(options["n_layers"]):
        p = f"{name}_layer_{layer}"
        h, c = np.zeros(options["projection_dim"]), np.zeros(options["dim"])
        y = []
        for token in x:
            gates = t[f"{p}.input_linearity.weight"] @ token + t[f"{p}.state_linearity.weight"] @ h
            i, f, j, o = np.split(gates + t[f"{p}.state_linearity.bias"], 4)
            c = np.clip(sigmoid(i) * np.tanh(j) + sigmoid(f) * c, -options["cell_clip"], options["cell_clip"])
            h = t[f"{p}.state_projection.weight"] @ (sigmoid(o) * np.tanh(c))
            h = np.clip(h, -options["proj_clip"], options["proj_clip"])
            y.append(h + token if layer else h)
        x = np.array(y)
        outputs.append(x)
    return outputs


def layers_of(words, config, token, encoder, char_dic, word_dic):
    """All layers of a sentence without its boundaries: (L, T, 2P)."""
    marked = ["<bos>", *words, "<eos>"]
    x = np.array([token_vector(word, config["token_embedder"], token, char_dic, word_dic) for word in marked])
    ahead = run_direction(x, "forward", config["encoder"], encoder)
    behind = run_direction(x[::-1], "backward", config["encoder"], encoder)
    layers = [np.concatenate([x, x], axis=1)]
    layers += [np.concatenate([f, b[::-1]], axis=1) for f, b in zip(ahead, behind, strict=True)]
    return np.array(layers)[:, 1:-1]
