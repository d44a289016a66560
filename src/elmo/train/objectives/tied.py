"""A softmax whose rows are the token layer of its words (Jozefowicz et al. 2016, "CNN softmax"), sampled or full."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.model.bilm import BiLM
from elmo.model.encoders.state import BiLMState
from elmo.model.output.softmax import Softmax
from elmo.train.data.window_tensors import Outputs, WindowTensors
from elmo.train.objectives.objective import Objective, StepWeights
from elmo.train.objectives.window_layers import WindowLayers
from elmo.train.ranks import Ranks

_AT_ONCE = 4096  # words whose token layer is made at once


class TiedObjective(Objective):
    """The inner objective with the token layer of the words as its rows; only the biases of the softmax are trained.

    Args:
        inner: `SampledObjective` or `FullObjective` of the model's softmax.
        model: with a softmax that has a row for each word.
        precision: of matrix products; None: that of the weights.
    """

    def __init__(self, inner: Objective, model: SavedModel, softmax: Softmax, precision: torch.dtype | None) -> None:
        assert model.vocabulary is not None
        self._inner, self._bilm, self._softmax, self._precision = inner, model.bilm, softmax, precision
        self._spellings = model.word_encoder.encode_compact(model.vocabulary.words)  # (V, C)
        self.parameters = [p for p in inner.parameters if p is softmax.bias]
        self.sparse_parameters = [p for p in inner.sparse_parameters if p is softmax.bias]

    def draw(self, targets: NDArray[np.int64], rng: np.random.Generator) -> Outputs:
        """As the inner objective draws."""
        return self._inner.draw(targets, rng)

    def gather(self, drawn: Outputs) -> StepWeights:
        """The spelled words instead of their rows: int64 (U, C), and the bias float (U,)."""
        _, bias = self._inner.gather(drawn)
        return _ids_of(self._bilm, self._spellings[drawn.word_ids]), bias

    def derive(self, weights: StepWeights) -> StepWeights:
        """The token layer of the words, float (U, P), and the bias."""
        char_ids, bias = weights
        return self._bilm.forward_train(char_ids, self._precision), bias

    def loss(
        self, layers: WindowLayers, given: WindowTensors, state: BiLMState, weights: StepWeights
    ) -> tuple[Tensor, ...]:
        """See `Objective.loss`."""
        return self._inner.loss(layers, given, state, weights)

    def collect(self, weights: StepWeights, drawn: Outputs, ranks: Ranks) -> None:
        """As the inner objective collects; ids have no gradient."""
        self._inner.collect(weights, drawn, ranks)

    @torch.no_grad()
    def refresh(self) -> None:
        """Write the rows into the softmax, for perplexity and for the saved model."""
        for begin in range(0, self._softmax.n_words, _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            char_ids = _ids_of(self._bilm, self._spellings[part])
            self._softmax.weight[part] = self._bilm.forward_train(char_ids, None)


def _ids_of(bilm: BiLM, spellings: NDArray[np.generic]) -> Tensor:
    """Spelled words on the device of the model: (U, C) -> int64 (U, C)."""
    return torch.from_numpy(spellings.astype(np.int64)).to(next(bilm.parameters()).device)
