"""One training step with an output layer that no recipe offers; the biLM, windows, dropout and optimizer are those of `elmo`."""

import math
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from elmo.model.bilm import BiLM
from elmo.model.dropout import Dropout
from elmo.model.encoders.state import BiLMState
from elmo.text.windows import Window, WindowReader
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus
from elmo.train.data.window_tensors import all_outputs, target_ids, tensors_of
from elmo.train.loop import train_step
from elmo.train.objectives.window_layers import product_precision, window_layers
from elmo.train.optimizers import WeightUpdate
from elmo.train.step import learning_rate_at, take_step
from elmo.train.trainer import DROPOUT, StepResult, Trainer


class Output(Protocol):
    """An output layer in training: a module that returns the loss at each position."""

    def loss(self, x: Tensor, targets: Tensor) -> Tensor:
        """x float (N, P), targets int64 (N,) -> float (N,)."""


class RivalTrainer:
    """`Trainer` for any output layer, on one rank without gradient accumulation; all weights are updated densely."""

    def __init__(self, bilm: BiLM, output: Output, corpus: EncodedCorpus, config: PretrainConfig) -> None:
        assert isinstance(output, nn.Module)
        self.bilm, self.output, self.corpus, self.config = bilm, output, corpus, config
        self.update = WeightUpdate([*bilm.parameters(), *output.parameters()], [], config.optimizer)
        self.reader = WindowReader(
            corpus.text, config.rows, config.window, seed=config.seed, shuffle=config.shuffle, heldout=()
        )

    def zero_state(self) -> BiLMState:
        """The zero state of the rows."""
        return self.bilm.start_state(self.config.rows)

    def step(self, number: int, n_steps: int, window: Window, state: BiLMState) -> StepResult:
        """One update, see `loop.train_step`; the loss is the layer's own."""
        config = self.config
        rows = slice(0, config.rows)
        dropout = Dropout(config.dropout, np.random.default_rng([config.seed, DROPOUT, number]), rows, config.rows)
        outputs = all_outputs(target_ids(self.corpus, window), 1)
        given = tensors_of(self.corpus, window, rows, outputs, dropout, config)
        precision = product_precision(config, torch.device("cpu"))
        layers = window_layers(self.bilm, given, state, dropout, precision)
        losses = [
            self.output.loss(x, what.target_at).mean() for x, what in zip(layers.tops(), given.targets, strict=True)
        ]
        loss = 0.5 * (losses[0] + losses[1])
        (loss * config.window).backward()
        rate = learning_rate_at(number, n_steps, config.optimizer)
        norm = take_step(self.update, rate, config.optimizer.clip_norm)
        moved = math.isfinite(norm)
        return StepResult(loss.item(), norm, rate, layers.after if moved else state, moved, False, False)

    def refresh(self) -> None:
        """Do nothing: the layer can always be measured."""


def step_of(trainer: Trainer | RivalTrainer, number: int, n_steps: int, window: Window, state: BiLMState) -> StepResult:
    """One update of either trainer."""
    if isinstance(trainer, RivalTrainer):
        return trainer.step(number, n_steps, window, state)
    learning_rate = learning_rate_at(number, n_steps, trainer.config.optimizer)
    return train_step(trainer, number, learning_rate, trainer.prepare(number, window), state)
