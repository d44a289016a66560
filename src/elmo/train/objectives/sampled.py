"""The sampled softmax: each position scores its target and the drawn negatives (Jean et al. 2015)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.model.encoders.state import BiLMState
from elmo.model.output.fast_softmax import sampled_loss_fast
from elmo.model.output.softmax import Softmax, draw_negatives, expected_count
from elmo.train.config import PretrainConfig
from elmo.train.data.window_tensors import Outputs, WindowTensors
from elmo.train.objectives.objective import Objective, StepWeights
from elmo.train.objectives.window_layers import WindowLayers
from elmo.train.ranks import Ranks


def is_sampled(config: PretrainConfig, n_words: int) -> bool:
    """Whether steps use only some rows of a softmax of `n_words`: there are fewer negatives than words."""
    return config.softmax == "sampled" and config.n_negatives < n_words


def draw_outputs(targets: NDArray[np.int64], n_words: int, n_negatives: int, rng: np.random.Generator) -> Outputs:
    """Draw the negatives of both directions: targets int64 (2, B, T), vocabulary ids."""
    drawn = [draw_negatives(n_words, n_negatives, rng) for _ in range(2)]
    ids = np.concatenate([targets.reshape(-1), *(d.ids.numpy() for d in drawn)])
    word_ids, where = np.unique(ids, return_inverse=True)
    counts = [expected_count(torch.from_numpy(t), n_words, d.n_tries) for t, d in zip(targets, drawn, strict=True)]
    return Outputs(
        word_ids,
        where[: targets.size].reshape(targets.shape),
        torch.stack(counts).log().float(),
        where[targets.size :].reshape(2, n_negatives),
        torch.stack([d.expected_counts for d in drawn]).log(),
    )


def losses_against_rows(
    layers: WindowLayers, given: WindowTensors, weight: Tensor, bias: Tensor, precision: torch.dtype | None
) -> tuple[Tensor, Tensor]:
    """loss_nats of both directions against the rows of a step: weight float (U, P), bias float (U,) -> float (B * T,) each."""
    forward, backward = (
        sampled_loss_fast(x, weight, bias, what, precision)
        for x, what in zip(layers.tops(), given.targets, strict=True)
    )
    return forward, backward


class SampledObjective(Objective):
    """The objective of a sampled softmax: a step copies the rows that it uses, and only these have a gradient.

    Args:
        precision: of matrix products; None: that of the weights.
    """

    replayable = True

    def __init__(self, softmax: Softmax, config: PretrainConfig, precision: torch.dtype | None) -> None:
        self._softmax, self._n_negatives, self._precision = softmax, config.n_negatives, precision
        self.sparse_parameters = [softmax.weight, softmax.bias]
        self.max_gathered = 2 * (config.rows * config.window + config.n_negatives)

    def draw(self, targets: NDArray[np.int64], rng: np.random.Generator) -> Outputs:
        """See `draw_outputs`."""
        return draw_outputs(targets, self._softmax.n_words, self._n_negatives, rng)

    def gather(self, drawn: Outputs) -> StepWeights:
        """Copies of the rows: weight float (U, P), bias float (U,), in the order of `drawn.word_ids`."""
        ids = torch.from_numpy(drawn.word_ids).to(self._softmax.weight.device)
        return tuple(p.detach().index_select(0, ids).requires_grad_() for p in self.sparse_parameters)

    def loss(
        self, layers: WindowLayers, given: WindowTensors, state: BiLMState, weights: StepWeights
    ) -> tuple[Tensor, Tensor]:
        """See `Objective.loss`."""
        weight, bias = weights
        return losses_against_rows(layers, given, weight, bias, self._precision)

    def collect(self, weights: StepWeights, drawn: Outputs, ranks: Ranks) -> None:
        """Hand the gradients of the copies to the softmax, as sparse rows."""
        ranks.add_up([copy.grad for copy in weights if copy.grad is not None])
        ids = torch.from_numpy(drawn.word_ids).to(self._softmax.weight.device)[None]
        with torch.sparse.check_sparse_tensor_invariants(False):  # type: ignore[no-untyped-call]  # else PyTorch warns
            for copy, p in zip(weights, self.sparse_parameters, strict=True):
                if copy.grad is not None:
                    p.grad = torch.sparse_coo_tensor(ids, copy.grad, p.shape, is_coalesced=True)
