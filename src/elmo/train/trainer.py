"""One update of pretraining: the model, its optimizer, its rows, and what a step does with a window.

All that is random in a step depends on the seed and the number of the step, so a run that goes on from a checkpoint, or on
another number of ranks, draws what the unbroken run on one drew.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import TrainingError
from elmo.model.bilm import BiLM
from elmo.model.dropout import Dropout
from elmo.model.encoders.state import BiLMState
from elmo.model.output.adaptive_softmax import AdaptiveSoftmax
from elmo.text.windows import Window, WindowReader
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus
from elmo.train.data.mistyped_inputs import mistype_inputs
from elmo.train.data.window_tensors import (
    Outputs,
    WindowTensors,
    all_outputs,
    draw_outputs,
    parts_of,
    target_ids,
    tensors_of,
)
from elmo.train.objectives.distillation import Teaching
from elmo.train.objectives.graphed_losses import GraphedLosses
from elmo.train.objectives.window_losses import (
    OutputRows,
    gather_rows,
    give_gradients,
    product_precision,
    refresh_tied,
    tied_weight,
    window_losses,
)
from elmo.train.optimizers import WeightUpdate
from elmo.train.ranks import ALONE, Ranks
from elmo.train.step import learning_rate_at, take_step

NEGATIVES, DROPOUT, TYPING_ERRORS = 1, 3, 5  # kinds of random numbers of a step


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

    outputs: Outputs
    parts: list[Part]


class Trainer:
    """A model, its optimizer and its rows: `step` is one update.

    Args:
        model: with softmax and vocabulary; its parameters are changed in place.
        config: of the run.
        ranks: which rows are trained here.
        teacher: what the model began from, if the recipe distils.
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
    ) -> None:
        if model.softmax is None or model.vocabulary is None:
            raise TrainingError("pretraining needs a model with a softmax and a vocabulary")
        self.model, self.corpus, self.config, self.ranks = model, corpus, config, ranks
        self.bilm, self.softmax, self.vocabulary = model.bilm, model.softmax, model.vocabulary
        adaptive = isinstance(self.softmax, AdaptiveSoftmax)
        if adaptive != (config.softmax == "adaptive"):
            kind = "an adaptive softmax" if adaptive else "a softmax with a row for each word"
            raise TrainingError(f"the recipe asks for softmax={config.softmax}, the model has {kind}")
        for module in (self.bilm, self.softmax):
            module.to(ranks.device)
        self._teaching: Teaching | None = None
        if config.distillation:
            if teacher is None:
                raise TrainingError("distillation needs the model that the run began from; give --start")
            self._teaching = Teaching(teacher.to(ranks.device).requires_grad_(False), config.distillation)
        self.sampled = config.softmax == "sampled" and config.n_negatives < self.softmax.n_words
        predicts = config.distillation < 1  # else the softmax stays as it is
        named_rows = self.softmax.named_parameters() if predicts else ()
        trained_rows = [p for name, p in named_rows if name == "bias" or not config.tied]
        dense = list(self.bilm.parameters())
        self.update = WeightUpdate(
            dense if self.sampled else [*dense, *trained_rows], trained_rows if self.sampled else [], config.optimizer
        )
        tied_words = self.vocabulary.words if config.tied else ()
        self._vocabulary_spellings = model.word_encoder.encode_compact(tied_words)  # (V, C)
        self.rows = ranks.own_rows(config.rows)
        self._precision = product_precision(config, ranks.device)
        self._shared = 0.5 / config.rows  # of the sum of all losses: the gradient is that of (mean loss x window)
        self._graphed: GraphedLosses | None = None
        same_shapes = not config.tied and not adaptive and self._teaching is None  # in each step, as a graph needs them
        if ranks.device.type == "cuda" and ranks.n_ranks == 1 and config.accumulate == 1 and same_shapes:
            n_rows = 2 * (config.rows * config.window + config.n_negatives) if self.sampled else 0
            self._graphed = GraphedLosses(self.bilm, config, self._shared, n_rows, ranks.device)
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
        targets = target_ids(self.corpus, window)
        if self.sampled:
            random = np.random.default_rng([config.seed, NEGATIVES, number])
            outputs = draw_outputs(targets, self.softmax.n_words, config.n_negatives, random)
        else:
            outputs = all_outputs(targets, 0 if self.config.softmax == "adaptive" else self.softmax.n_words)
        mistyped = None
        if config.typing_errors:
            random = np.random.default_rng([config.seed, TYPING_ERRORS, number])
            mistyped = mistype_inputs(self.corpus, self.model.word_encoder, window, config.typing_errors, random)
        parts = []
        for rows in parts_of(self.rows, config.accumulate):
            dropout = Dropout(config.dropout, np.random.default_rng([config.seed, DROPOUT, number]), rows, config.rows)
            parts.append(Part(rows, tensors_of(self.corpus, window, rows, outputs, dropout, config, mistyped), dropout))
        return PreparedWindow(outputs, parts)

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
        outputs, parts = self.prepare(number, window) if prepared is None else prepared
        output = self._output_of(outputs)
        wishes = [float(wants_stop), float(wants_checkpoint)]
        sums = torch.tensor([0.0, 0.0, *wishes], device=ranks.device)  # losses of both directions; ranks that wish it
        states = []
        for rows, given, dropout in parts:
            state_of_rows = state.rows(slice(rows.start - self.rows.start, rows.stop - self.rows.start))
            if self._graphed is not None and isinstance(output, OutputRows):
                seed = int(np.random.default_rng([config.seed, DROPOUT, number]).integers(2**63))
                totals, after, gradients = self._graphed(given, state_of_rows, output, self.update.dense, seed)
                if gradients is not None:
                    for copy, gradient in zip(output, gradients, strict=True):
                        copy.grad = gradient
            else:
                read = self._tied(output, outputs)
                given = given.to(ranks.device)  # before the device has work to do: a transfer waits for its end
                forward, backward, after = window_losses(
                    self.bilm, given, state_of_rows, read, dropout, self._precision, self._teaching
                )
                totals = torch.stack([forward.sum(), backward.sum()])
                (totals.sum() * self._shared).backward()  # type: ignore[no-untyped-call]
            sums[:2] += totals.detach()
            states.append(after)
        if self.sampled and isinstance(output, OutputRows):
            ranks.add_up([copy.grad for copy in output if copy.grad is not None])
            give_gradients(output, outputs.word_ids, self.softmax)
        ranks.add_up([*(p.grad for p in self.update.dense if p.grad is not None), sums])
        rate = learning_rate_at(number, n_steps, config.optimizer)
        norm = take_step(self.update, rate, config.optimizer.clip_norm)
        loss = float(sums[:2].sum()) * 0.5 / window.forward_inputs.size
        moved = math.isfinite(norm)
        return StepResult(
            loss, norm, rate, BiLMState.concat(states) if moved else state, moved, *(sums[2:] > 0).tolist()
        )

    def refresh(self) -> None:
        """Make the softmax fit to be measured and saved."""
        if self.config.tied:
            refresh_tied(self.model, self._vocabulary_spellings)

    def _output_of(self, outputs: Outputs) -> OutputRows | AdaptiveSoftmax:
        """What a step looks at of the output layer, whose gradients it collects."""
        if isinstance(self.softmax, AdaptiveSoftmax):
            return self.softmax
        if self.sampled:
            return gather_rows(self.softmax, outputs.word_ids)
        return OutputRows(self.softmax.weight, self.softmax.bias)

    def _tied(self, output: OutputRows | AdaptiveSoftmax, outputs: Outputs) -> OutputRows | AdaptiveSoftmax:
        """The same with the token layer of the words as its rows, if the recipe ties them."""
        if not self.config.tied or isinstance(output, AdaptiveSoftmax):
            return output
        spellings = self._vocabulary_spellings[outputs.word_ids]
        return OutputRows(tied_weight(self.bilm, spellings, self._precision), output.bias)
