"""The trained parts of a run: model, objective, optimizer and rows of the text; and the preparation of a window.

Random numbers of a step depend on the seed and the number of the step, so a run that resumes from a checkpoint, or on
another number of ranks, draws the same as the unbroken run on one rank.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import TrainingError
from elmo.model.bilm import BiLM
from elmo.model.dropout import Dropout
from elmo.model.encoders.state import BiLMState
from elmo.text.windows import Window
from elmo.train.adaptation.layer_rates import rate_factors
from elmo.train.adaptation.mixed_reader import reader_of
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus
from elmo.train.data.mistyped_inputs import mistype_inputs
from elmo.train.data.taught_words import WindowTeacher
from elmo.train.data.window_tensors import Outputs, WindowTensors, parts_of, target_ids, tensors_of
from elmo.train.objectives.choose import objective_of
from elmo.train.objectives.graphed_losses import GraphedLosses
from elmo.train.objectives.objective import Objective
from elmo.train.objectives.taught import TaughtObjective
from elmo.train.objectives.window_layers import product_precision
from elmo.train.optimizers import WeightUpdate
from elmo.train.ranks import ALONE, Ranks
from elmo.train.teachers.kept_vectors import SentenceVectors
from elmo.train.teachers.load import check_layers
from elmo.train.teachers.teacher import Teacher

NEGATIVES, DROPOUT, TYPING_ERRORS = 1, 3, 5  # kinds of random numbers of a step


ObjectiveMaker = Callable[[SavedModel, PretrainConfig, torch.dtype | None, BiLM | None], Objective]


@dataclass(frozen=True)
class StepResult:
    """The result of a step."""

    loss_nats: float  # mean over positions and both directions
    gradient_norm: float
    learning_rate: float
    state: BiLMState  # of this rank's rows; the one before if nothing moved
    moved: bool  # False: the gradient was not finite
    wants_stop: bool  # some rank wants it
    wants_checkpoint: bool
    terms: Sequence[tuple[float, float]] = ()  # of the objective's `terms`: sum and count


class Part(NamedTuple):
    """Rows that are trained together."""

    rows: slice
    given: WindowTensors
    dropout: Dropout


class PreparedWindow(NamedTuple):
    """A window as a step needs it, made without the weights."""

    drawn: Outputs
    parts: list[Part]


class Trainer:
    """A model, its objective, its optimizer and its rows; `loop.train_step` is one update.

    Args:
        model: with softmax and vocabulary; its parameters are changed in place.
        config: of the run.
        ranks: which rows are trained here.
        teacher: what the model began from, if the recipe distils.
        objective: makes what is minimized; `objective_of`: what the recipe asks for.
        taught_by: whose layers are learned, if the recipe has a teacher.
        teacher_vectors: folder where its vectors are kept; None: they are computed each time.
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
        taught_by: Teacher | None = None,
        teacher_vectors: Path | None = None,
    ) -> None:
        if model.softmax is None:
            raise TrainingError("pretraining needs a model with a softmax and a vocabulary")
        self.model, self.corpus, self.config, self.ranks = model, corpus, config, ranks
        self.bilm, self.softmax = model.bilm, model.softmax
        for module in (self.bilm, self.softmax):
            module.to(ranks.device)
        self.precision = product_precision(config, ranks.device)
        self.objective = objective(model, config, self.precision, teacher)
        self._explains: WindowTeacher | None = None
        if config.teacher is not None:
            if taught_by is None:
                raise TrainingError("the recipe has a teacher, but none was given")
            layers = check_layers(config.teacher, config.bilm.n_layers, taught_by)
            used = sorted({number for own in layers for number in own})
            kept_bytes = config.teacher.keep_gb * 1e9
            vectors = SentenceVectors(taught_by, used, corpus, teacher_vectors, kept_bytes)
            self._explains = WindowTeacher(vectors, 0 if corpus.mixed is None else config.mixed_rows())
            sizes = config.bilm.projection_size, taught_by.size
            self.objective = TaughtObjective(self.objective, config.teacher, layers, sizes, self.precision)
        dense, factors, self.n_softmax_steps = [*self.bilm.parameters(), *self.objective.parameters], None, 0
        if config.adaptation is not None:  # first what moves from the first step on
            dense = [*self.objective.parameters, *self.bilm.parameters()]
            of_bilm = rate_factors(self.bilm, config.adaptation.layer_rate)
            factors = [1.0] * len(self.objective.parameters) + of_bilm
            self.n_softmax_steps = config.adaptation.softmax_steps or 0
        self.update = WeightUpdate(dense, self.objective.sparse_parameters, config.optimizer, factors)
        self.rows = ranks.own_rows(config.rows)
        self.scale = 0.5 / config.rows  # of the sum of all losses: the gradient is that of (mean loss x window)
        self.graphed = self._new_graphs()
        self.reader = reader_of(corpus, config)

    def _new_graphs(self) -> GraphedLosses | None:
        """What records a step on one GPU; None elsewhere."""
        config, device = self.config, self.ranks.device
        on_one_gpu = device.type == "cuda" and self.ranks.n_ranks == 1 and config.accumulate == 1
        if not (on_one_gpu and self.objective.replayable):
            return None
        return GraphedLosses(config.dropout, self.update.dense, self.objective.max_gathered, device)

    def n_still(self, n_done: int) -> int:
        """The number of `update.dense` at its end that no step has trained, once `n_done` steps are done."""
        return sum(1 for _ in self.bilm.parameters()) if n_done <= self.n_softmax_steps and self.n_softmax_steps else 0

    def choose_trained(self, number: int) -> None:
        """Let step `number`, from 0, train what it is to train: in the first phase of an adaptation the softmax alone."""
        trained = number >= self.n_softmax_steps
        if next(self.bilm.parameters()).requires_grad == trained:
            return
        self.bilm.requires_grad_(trained)
        self.graphed = self._new_graphs()  # those of the other phase do not fit

    def zero_state(self) -> BiLMState:
        """The zero state of this rank's rows."""
        return self.bilm.start_state(self.rows.stop - self.rows.start)

    def prepare(self, number: int, window: Window) -> PreparedWindow:
        """Everything a step of this number needs of a window besides the weights: all random draws, and the rows of this rank."""
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
            given = tensors_of(self.corpus, window, rows, drawn, dropout, config, mistyped)
            if self._explains is not None:
                given = given._replace(taught=self._explains.explain(window, rows))
            parts.append(Part(rows, given, dropout))
        return PreparedWindow(drawn, parts)

    def dropout_seed(self, number: int) -> int:
        """The seed of a step on a GPU, which draws its own dropout."""
        return int(np.random.default_rng([self.config.seed, DROPOUT, number]).integers(2**63))

    def refresh(self) -> None:
        """Bring the softmax up to date before it is evaluated or saved."""
        self.objective.refresh()
