"""The cost of training a model, by arithmetic: parameters of each part, bytes of memory of each kind.

The bytes of a step are those of the tensors that `fast_char_cnn`, the encoder and `fast_softmax` keep for the gradient, and of
the largest that their backward passes make beside them. Seven measured runs took 0.9 to 1.3
times the sum (`tests/train/test_cost.py` allows two thirds to one and a half).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch

from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig, CharCNNConfig
from elmo.model.encoders.kinds import build_encoder
from elmo.model.output.adaptive_softmax import COVERED, output_layer
from elmo.model.shapes_only import shapes_only
from elmo.train.config import PretrainConfig
from elmo.train.objectives.sampled import is_sampled

PROCESS_BYTES = 260 * 2**20  # Python with PyTorch and this program, measured
_VOCABULARY_ENTRY = 160  # bytes of a word and its id in a dictionary
_FULL = 4  # bytes of a float32
_ID = 8  # bytes of an int64


class ParameterCounts(NamedTuple):
    """Trained numbers by part of the model."""

    token_layer: int  # char CNN, word vectors, their projections
    encoder: int  # both directions
    softmax: int  # of a tied one the biases alone

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)

    @property
    def bilm(self) -> int:
        """Those of the biLM."""
        return self.token_layer + self.encoder


class StepWords(NamedTuple):
    """The mean numbers of different words in a step."""

    read: int  # that the rows of one part read, both directions
    predicted: int  # targets and negatives: rows of the softmax


class MemoryBytes(NamedTuple):
    """Peak memory of a training process in bytes, by kind."""

    weights: int
    gradients: int
    moments: int  # what the optimizer remembers
    activations: int  # of a step, or of one of its parts
    spellings: int  # of the different words of the corpus, and the vocabulary
    process: int  # all else

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)

    @property
    def steady(self) -> int:
        """The memory that stays from step to step, however few rows a step has."""
        return self.total - self.activations

    @property
    def on_device(self) -> int:
        """The part on a GPU."""
        return self.weights + self.gradients + self.moments + self.activations


def count_parameters(
    config: BiLMConfig, n_words: int | None, cutoffs: Sequence[int] | None = None, tied: bool = False
) -> ParameterCounts:
    """The parameters of a model, built without memory.

    Args:
        n_words: of the softmax; None: there is none. cutoffs: of an adaptive one. tied: its rows are no parameters.
    """
    P = config.projection_size
    with shapes_only():
        bilm = BiLM(config)
        softmax = torch.nn.Module() if n_words is None else output_layer(n_words, P, cutoffs)
    encoder = _numbers_of(bilm.forward_lm) + _numbers_of(bilm.backward_lm)
    tied_weight = (n_words or 0) * P if tied else 0
    return ParameterCounts(_numbers_of(bilm) - encoder, encoder, _numbers_of(softmax) - tied_weight)


def count_memory(
    config: PretrainConfig, n_words: int, n_types: int, words: StepWords, cutoffs: Sequence[int] | None = None
) -> MemoryBytes:
    """The memory of a process that trains all rows of a step.

    Args:
        n_words: of the softmax. n_types: different words of the corpus. words: of a step. cutoffs: of an adaptive softmax.
    """
    parameters = count_parameters(config.bilm, n_words, cutoffs, config.tied)
    bilm, P = parameters.bilm, config.bilm.projection_size
    table = n_words * P if config.tied else 0  # rows of a tied softmax, written when it is measured or saved
    gathered = words.predicted * (P + 1) if is_sampled(config, n_words) else 0
    # A sampled softmax has its rows copied for the step; each direction makes a gradient of them before the sum.
    gradients = bilm + (4 * gathered if gathered else 2 * parameters.softmax)
    bilm_moments, softmax_moments = _moments(config, rows=bool(gathered))
    width = (config.bilm.max_characters or 0) + (config.bilm.n_input_words is not None)
    id_bytes = 4 if max(config.bilm.alphabet_size or 0, config.bilm.n_input_words or 0) > 2**15 - 16 else 2
    spelled = n_types * (width * id_bytes + 4 + 2 * _ID) + n_words * _VOCABULARY_ENTRY
    if config.tied:
        spelled += n_words * width * id_bytes
    return MemoryBytes(
        weights=_FULL * (parameters.total + table + (bilm if config.distillation else 0)),
        gradients=_FULL * gradients,
        moments=_FULL * (bilm_moments * bilm + softmax_moments * parameters.softmax),
        activations=count_activations(config, n_words, words, cutoffs),
        spellings=spelled,
        process=PROCESS_BYTES,
    )


def count_activations(
    config: PretrainConfig, n_words: int, words: StepWords, cutoffs: Sequence[int] | None = None
) -> int:
    """Bytes that one part of a step keeps for its gradient, plus the largest tensors of the backward pass."""
    B = -(-config.rows // config.accumulate)
    low = 2 if config.precision == "bfloat16" else _FULL
    P, N = config.bilm.projection_size, B * config.window
    with shapes_only():
        encoder = build_encoder(config.bilm.encoder)
    resets = config.state_reset in ("sentences", "documents")
    layers, in_backward = encoder.step_bytes(N, low, resets, config.dropout)
    S = config.n_negatives if is_sampled(config, n_words) else n_words
    softmax = 2 * (N * S * low + N * P * (low + 2 * _FULL) + S * P * low)  # probs, x, target_rows, negative_rows
    if cutoffs is not None:
        softmax = 2 * N * (_FULL + low) * _logits_per_position(cutoffs, n_words)  # kept, and their gradient
    read = words.read + (words.predicted if config.tied else 0)
    vectors = 2 * N * P * _FULL * 2  # of the positions, and the sums of their gradients
    return layers + max(in_backward, 2 * N * P * _FULL) + softmax + read * _of_word(config, low) + vectors


def _logits_per_position(cutoffs: Sequence[int], n_words: int) -> int:
    """The mean number of logits of an adaptive softmax per position: words and clusters."""
    sizes = [end - begin for begin, end in pairwise([*cutoffs, n_words])]
    fractions = [end - begin for begin, end in pairwise([*COVERED, 1.0])]
    in_clusters = sum(size * fraction for size, fraction in zip(sizes, fractions, strict=False))
    return cutoffs[0] + len(sizes) + round(in_clusters)


def _of_word(config: PretrainConfig, low: int) -> int:
    """Bytes that the token layer keeps of one word."""
    P, cnn, words = config.bilm.projection_size, config.bilm.char_cnn, config.bilm.word_embedding
    return 2 * _FULL * P + (0 if words is None else _FULL * words.size) + (0 if cnn is None else _of_spelled(cnn, low))


def _of_spelled(cnn: CharCNNConfig, low: int) -> int:
    F, line = cnn.n_filters, cnn.max_characters * cnn.embedding_size
    in_low = (2 * cnn.n_highway + 1) * low if low < _FULL else 0  # inputs of the products
    filters = F * (3 * low + (1 + 3 * cnn.n_highway) * _FULL + in_low)  # where, best; activation, gates and values
    return filters + line * (2 * _FULL + low) + cnn.max_characters * _ID


def _moments(config: PretrainConfig, rows: bool) -> tuple[int, int]:
    """Numbers of optimizer state per weight of the biLM, and of the softmax; `rows`: of a sampled softmax."""
    match config.optimizer.name:
        case "adagrad":
            return 1, 1
        case "adam" | "adamw":
            return 2, 2
        case "sgd":
            kept = int(config.optimizer.momentum > 0)
            return kept, 0 if rows else kept


def _numbers_of(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
