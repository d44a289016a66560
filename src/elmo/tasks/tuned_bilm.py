"""A biLM that is fine-tuned with its task: layers are unfrozen from the top down (ULMFiT, Howard & Ruder 2018, section 3.3).

Three things prevent forgetting: a lower layer has a lower learning rate ("discriminative"), it is unfrozen in a later
epoch ("gradual unfreezing"), and the rate of all rises fast and falls slowly ("slanted triangular", which is a warm-up and then
`schedule = "linear"`).
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError
from elmo.model.bilm import BiLM, join_directions, reverse_rows
from elmo.model.dropout import Dropout, DropoutConfig
from elmo.model.encoders.context_encoder import TrainingPass
from elmo.model.kernels.products import named_precision
from elmo.tasks.batches import Batch
from elmo.tasks.config import ElmoConfig
from elmo.tasks.examples import distinct
from elmo.text.batches import encode_batch
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.adaptation.layer_rates import layers_from_top

ACTIVATION_BYTES = (
    2**30
)  # of a batch, held for the gradient; of a larger one only the inputs are, and the rest is computed twice
_CARD = (
    "This biLM was changed by a task, and is a language model no longer. The card of what it was made from follows.\n\n"
)


def to_be_tuned(elmo: Elmo) -> Elmo:
    """A copy of a biLM without the parts that depend on its old weights: softmax and settled start state."""
    model = elmo.model
    config = model.config.model_copy(update={"n_words": None, "warm_state": False})
    card = _CARD + (model.card or "")
    bare = replace(model, config=config, bilm=deepcopy(model.bilm), softmax=None, vocabulary=None, warm=None, card=card)
    return Elmo(bare, elmo.dtype)


class TunedBiLM:
    """The biLM of a task during fine-tuning.

    Args:
        elmo: from `to_be_tuned`; its weights are changed in place. config: of the task.

    Attributes:
        parameters: of all groups, in the order in which they join. rates: factor of the learning rate, of each of them.
    """

    def __init__(self, elmo: Elmo, config: ElmoConfig) -> None:
        encoder = elmo.bilm.config.encoder
        if config.bilm_dropout.recurrent > 0 and not encoder.has_recurrent_weights:
            raise ConfigError(f"elmo.bilm_dropout.recurrent: {encoder.kind} has no recurrent weights; leave it out")
        self.elmo, self.bilm, self._config = elmo, elmo.bilm, config
        self._groups = layers_from_top(self.bilm)
        self.parameters = [p for group in self._groups for p in group]
        self.rates = [config.discriminative**-depth for depth, group in enumerate(self._groups, 1) for _ in group]

    def is_frozen(self, epoch: int) -> bool:
        """Whether all layers are still frozen in an epoch (from 1)."""
        return self._n_joined(epoch) == 0

    def n_still(self, epoch: int) -> int:
        """The number of `parameters` at the end of the list that are frozen in an epoch; in epoch 0 all are."""
        return sum(map(len, self._groups[self._n_joined(epoch) :]))

    def _n_joined(self, epoch: int) -> int:
        wait = self._config.unfreeze
        if epoch == 0 or not wait:
            return len(self._groups) if epoch else 0
        return min((epoch - 1) // wait, len(self._groups))

    def begin(self, epoch: int) -> None:
        """Enable gradients for the unfrozen layers, and for no other."""
        n = len(self.parameters) - self.n_still(epoch)
        for number, p in enumerate(self.parameters):
            p.requires_grad_(number < n)

    def train_on(self, batch: Batch, seed: Sequence[int]) -> Batch:
        """A batch with layers that have a gradient.

        Args:
            seed: what decides the dropout within the biLM.
        """
        sentences, which = distinct(batch.examples)
        words = [[token.text for token in e.tokens] for e in sentences]
        precision = named_precision(self._config.precision, batch.mask.device)
        layers = trained_layers(
            self.bilm, self.elmo.model.word_encoder, words, self._config.bilm_dropout, seed, precision=precision
        )
        other = None if batch.other is None else self.train_on(batch.other, [*seed, 1])
        return replace(batch, layers=layers[torch.tensor(which)], other=other)

    def look_at(self, batch: Batch) -> Batch:
        """A batch with layers as the trained task computes them."""
        sentences, which = distinct(batch.examples)
        found = self.elmo.embed([[token.text for token in e.tokens] for e in sentences], layers="all")
        B, T = batch.mask.shape
        layers = torch.zeros(B, self.elmo.n_layers, T, self.elmo.width)
        for row, number in zip(layers, which, strict=True):
            row[:, : found[number].shape[1]] = torch.from_numpy(found[number])
        other = None if batch.other is None else self.look_at(batch.other)
        return replace(batch, layers=layers, other=other)


def trained_layers(
    bilm: BiLM,
    word_encoder: WordEncoder,
    sentences: Sequence[Sequence[str]],
    dropout: DropoutConfig,
    seed: Sequence[int],
    most_bytes: int = ACTIVATION_BYTES,
    precision: torch.dtype | None = None,
) -> Tensor:
    """All layers of some sentences, with a gradient, by the hand-written passes of pretraining.

    Each sentence has its boundaries around it and starts from state zero. Rows are padded on the right; padding is read, but
    nothing read after it counts, so it does not change the result.

    Args:
        dropout: probabilities of. seed: of the dropout.
        most_bytes: that the gradient may hold at once. precision: of matrix products; None: that of the weights.
    Returns:
        float (B, L, T, D) without the boundaries, T the longest sentence; padding is 0.
    """
    given = encode_batch(sentences, range(len(sentences)), word_encoder)
    mask = torch.from_numpy(given.mask)  # (B, T + 2)
    B, T = mask.shape
    vectors = bilm.forward_train(torch.from_numpy(given.char_ids), precision)  # (words, P)
    scale = Dropout(dropout, np.random.default_rng(seed)).scale_of_words(np.arange(len(vectors)))
    tokens = (vectors if scale is None else vectors * scale)[torch.from_numpy(given.word_at)]  # (B, T + 2, P)

    def read(tokens: Tensor, mask: Tensor, rows: slice) -> Tensor:
        how = TrainingPass(Dropout(dropout, np.random.default_rng(seed), rows, B), precision)
        ahead, behind, _ = bilm.both_directions(tokens, lambda x: reverse_rows(x, mask), None, None, how)
        return join_directions(tokens, ahead, behind, mask)  # (rows, L, T + 2, D)

    at_once = max(1, most_bytes // (T * bilm.forward_lm.position_bytes()))
    parts = [slice(i, min(i + at_once, B)) for i in range(0, B, at_once)]
    if len(parts) == 1:
        layers = read(tokens, mask, parts[0])
    else:
        again = [checkpoint(read, tokens[p], mask[p], p, use_reentrant=False, preserve_rng_state=False) for p in parts]
        layers = torch.cat(again)
    return layers[:, :, 1:-1] * mask[:, None, 2:, None]
