"""One update of pretraining: the model, its optimizer, its rows, and what a step does with a window.

All that is random in a step depends on the seed and the number of the step, so a run that goes on from a checkpoint, or on
another number of ranks, draws what the unbroken run on one drew.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import TrainingError
from elmo.model.bilm import BiLM
from elmo.model.dropout import Dropout
from elmo.model.encoders.state import BiLMState
from elmo.text.windows import Window, WindowReader
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus
from elmo.train.data.mistyped_inputs import mistype_inputs
from elmo.train.data.window_tensors import Outputs, WindowTensors, parts_of, target_ids, tensors_of
from elmo.train.objectives.choose import objective_of
from elmo.train.objectives.graphed_losses import GraphedLosses
from elmo.train.objectives.objective import Objective, StepWeights
from elmo.train.objectives.window_losses import product_precision, window_layers
from elmo.train.optimizers import WeightUpdate
from elmo.train.ranks import ALONE, Ranks
from elmo.train.step import learning_rate_at, take_step

NEGATIVES, DROPOUT, TYPING_ERRORS = 1, 3, 5  # kinds of random numbers of a step


ObjectiveMaker = Callable[[SavedModel, PretrainConfig, torch.dtype | None, BiLM | None], Objective]


@dataclass(frozen=True)
class StepResult:
    """What a step leaves."""

    loss_nats: float  # mean over places and both directions
    gradient_norm: float
    learning_rate: float
    state: BiLMState  # of this rank's rows; the one before if nothing moved
    moved: bool  # False: the gradient was not finite
    wants_stop: bool  # some rank wants it
    wants_checkpoint: bool


class Part(NamedTuple):
    """Rows that are trained at once."""

    rows: slice
    given: WindowTensors
    dropout: Dropout


class PreparedWindow(NamedTuple):
    """A window as a step needs it, made without the weights."""

    drawn: Outputs
    parts: list[Part]


class Trainer:
    """A model, its optimizer and its rows: `step` is one update.

    Args:
        model: with softmax and vocabulary; its parameters are changed in place.
        config: of the run.
        ranks: which rows are trained here.
        teacher: what the model began from, if the recipe distils.
        objective: makes what is minimized; `objective_of`: what the recipe asks for.
    Raises:
        TrainingError: the model has no softmax, or another kind than the recipe asks for; there is no teacher.
    """

    def __init__(
        self,
        model: SavedModel,
        corpus: EncodedCorpus,
        config: PretrainConfig,
        ranks: Ranks = ALONE,
        teacher: BiLM | None = None,
        objective: ObjectiveMaker = objective_of,
    ) -> None:
        if model.softmax is None:
            raise TrainingError("pretraining needs a model with a softmax and a vocabulary")
        self.model, self.corpus, self.config, self.ranks = model, corpus, config, ranks
        self.bilm, self.softmax = model.bilm, model.softmax
        for module in (self.bilm, self.softmax):
            module.to(ranks.device)
        self._precision = product_precision(config, ranks.device)
        self.objective = objective(model, config, self._precision, teacher)
        dense = [*self.bilm.parameters(), *self.objective.parameters]
        self.update = WeightUpdate(dense, self.objective.sparse_parameters, config.optimizer)
        self.rows = ranks.own_rows(config.rows)
        self._scale = 0.5 / config.rows  # of the sum of all losses: the gradient is that of (mean loss x window)
        self._graphed: GraphedLosses | None = None
        on_one_gpu = ranks.device.type == "cuda" and ranks.n_ranks == 1 and config.accumulate == 1
        if on_one_gpu and self.objective.replayable:
            self._graphed = GraphedLosses(
                self._forward_backward, config.dropout, dense, self.objective.max_gathered, ranks.device
            )
        self.reader = WindowReader(
            corpus.text,
            config.rows,
            config.window,
            seed=config.seed,
            shuffle=config.shuffle,
            heldout=corpus.text.heldout,
        )

    def zero_state(self) -> BiLMState:
        """State zero of this rank's rows."""
        return self.bilm.start_state(self.rows.stop - self.rows.start)

    def prepare(self, number: int, window: Window) -> PreparedWindow:
        """What a step of this number needs of a window beside the weights: all that is drawn, and the rows of this rank."""
        config = self.config
        rng = np.random.default_rng([config.seed, NEGATIVES, number])
        drawn = self.objective.draw(target_ids(self.corpus, window), rng)
        mistyped = None
        if config.typing_errors:
            rng = np.random.default_rng([config.seed, TYPING_ERRORS, number])
            mistyped = mistype_inputs(self.corpus, self.model.word_encoder, window, config.typing_errors, rng)
        parts = []
        for rows in parts_of(self.rows, config.accumulate):
            dropout = Dropout(config.dropout, np.random.default_rng([config.seed, DROPOUT, number]), rows, config.rows)
            parts.append(Part(rows, tensors_of(self.corpus, window, rows, drawn, dropout, config, mistyped), dropout))
        return PreparedWindow(drawn, parts)

    def step(
        self,
        number: int,
        n_steps: int,
        window: Window,
        state: BiLMState,
        wants_stop: bool = False,
        wants_checkpoint: bool = False,
        *,
        prepared: PreparedWindow | None = None,
    ) -> StepResult:
        """One update.

        Args:
            number: of the step, from 0.
            window: of all rows of all ranks.
            state: of this rank's rows before it.
            wants_stop, wants_checkpoint: told to all ranks with the gradients.
            prepared: what `prepare` gives, if that is done already.
        """
        config, ranks = self.config, self.ranks
        drawn, parts = self.prepare(number, window) if prepared is None else prepared
        weights = self.objective.gather(drawn)
        wishes = [float(wants_stop), float(wants_checkpoint)]
        sums = torch.tensor([0.0, 0.0, *wishes], device=ranks.device)  # losses of both directions; ranks that wish it
        states = []
        for rows, given, dropout in parts:
            state_of_rows = state.rows(slice(rows.start - self.rows.start, rows.stop - self.rows.start))
            if self._graphed is not None:
                seed = int(np.random.default_rng([config.seed, DROPOUT, number]).integers(2**63))
                totals, after = self._graphed(given, state_of_rows, weights, seed)
            else:
                given = given.to(ranks.device)  # before the device has work to do: a transfer waits for its end
                totals, after = self._forward_backward(given, state_of_rows, weights, dropout)
            sums[:2] += totals
            states.append(after)
        self.objective.collect(weights, drawn, ranks)
        ranks.add_up([*(p.grad for p in self.update.dense if p.grad is not None), sums])
        rate = learning_rate_at(number, n_steps, config.optimizer)
        norm = take_step(self.update, rate, config.optimizer.clip_norm)
        loss = float(sums[:2].sum()) * 0.5 / window.forward_inputs.size
        moved = math.isfinite(norm)
        return StepResult(
            loss, norm, rate, BiLMState.concat(states) if moved else state, moved, *(sums[2:] > 0).tolist()
        )

    def _forward_backward(
        self, given: WindowTensors, state: BiLMState, weights: StepWeights, dropout: Dropout
    ) -> tuple[Tensor, BiLMState]:
        """Forward, loss and backward of some rows: the sums of both directions' losses float (2,), and the state after them."""
        weights = self.objective.derive(weights)
        layers = window_layers(self.bilm, given, state, dropout, self._precision)
        totals = torch.stack([loss.sum() for loss in self.objective.loss(layers, given, state, weights)])  # (2,)
        (totals.sum() * self._scale).backward()  # type: ignore[no-untyped-call]
        return totals.detach(), layers.after

    def refresh(self) -> None:
        """Make the softmax fit to be measured and saved."""
        self.objective.refresh()
