"""Input layers other than bytes in slow NumPy, written from the formulas (Che et al. 2018; FORMATS, section 10), float64.

    token = W [word vector ; highways(activation(max over positions of the convolution))] + b

with the word's vector first. Shares no code with `elmo`.
"""

import numpy as np

from twins.bilm import sigmoid


def spell(word, characters, C):
    """Ids of an alphabet: 0 padding, characters from 1, any other, then begin and end of sentence and word, filling."""
    other = 1 + len(characters)
    begin_sentence, end_sentence, begin_word, end_word, fill = range(other + 1, other + 6)
    inner = [characters.find(character) + 1 or other for character in list(word)[: C - 2]]
    inner = {"<S>": [begin_sentence], "</S>": [end_sentence]}.get(word, inner)
    row = [begin_word, *inner, end_word]
    return np.array(row + [fill] * (C - len(row)))


def number(word, words):
    """Ids of input words: 0 padding, then their order; all others have that of <UNK>."""
    return 1 + (words.index(word) if word in words else words.index("<UNK>"))


def convolved(char_ids, table, kernels, biases, highways):
    """Characters (C,) -> (F,): kernels (filters, width, E) each, relu; highways (carry W, b, transform W, b), outputs first."""
    x = table[char_ids]
    features = []
    for kernel, bias in zip(kernels, biases, strict=True):
        width = kernel.shape[1]
        values = [
            [bias[f] + (x[start : start + width] * kernel[f]).sum() for f in range(len(kernel))]
            for start in range(len(x) - width + 1)
        ]
        features.append(np.maximum(np.max(values, axis=0), 0))
    y = np.concatenate(features)
    for carry, carry_bias, transform, transform_bias in highways:
        gate = sigmoid(carry @ y + carry_bias)
        y = gate * np.maximum(transform @ y + transform_bias, 0) + (1 - gate) * y
    return y


def token(parts, weight, bias):
    """Projection of what there is of [word vector ; characters]: weight (P, all parts)."""
    return weight @ np.concatenate(parts) + bias
