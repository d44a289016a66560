"""START HERE: the pretraining loop (Peters et al. 2018, section 3.4; bilm-tf).

Each step reads one window of every row, predicts the next word of each place from the left and from the right, and moves
the weights. The LSTM state goes from window to window as a value; gradients stop at the window's border.

When does the state start from zero (`state_reset`)? `never`: bilm-tf's way; such a model meets the first words of a sentence
that is embedded alone, from state zero, as it has never met any. `windows`: where a sentence happens to begin a window, which
costs nothing. `sentences`, `documents`: wherever one begins.

All that is random in a step depends on the seed and the number of the step, so a run that goes on from a checkpoint, or on
another number of ranks, draws what the unbroken run on one drew.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import TrainingError
from elmo.model.bilm import BiLMState
from elmo.model.dropout import Dropout
from elmo.model.lstm import LSTMState, zero_state
from elmo.model.softmax import Softmax
from elmo.text.vocabulary import Vocabulary
from elmo.text.windows import TextPosition, Window, WindowReader
from elmo.train.config import PretrainConfig
from elmo.train.optimizers import WeightUpdate
from elmo.train.perplexity import Perplexity, measure_perplexity
from elmo.train.ranks import Ranks
from elmo.train.run_state import Place, RunState, load_model_of, load_run_state, save_best, save_checkpoint
from elmo.train.spelled_corpus import SpelledCorpus
from elmo.train.step import learning_rate_at, take_step
from elmo.train.window_losses import (
    PRECISIONS,
    OutputRows,
    Outputs,
    all_outputs,
    draw_outputs,
    gather_rows,
    give_gradients,
    parts_of,
    refresh_tied,
    target_ids,
    tied_weight,
    window_losses,
)

NEGATIVES, DROPOUT = 1, 3  # kinds of random numbers of a step


@dataclass(frozen=True)
class Report:
    """One line of the log."""

    step: int
    n_steps: int
    epoch: float  # epochs read
    loss_nats: float  # training loss per token, mean of both directions, since the last report; sampled or full
    gradient_norm: float
    learning_rate: float
    tokens_per_s: float  # each place counted once, both directions trained
    seconds: float  # of training, all sessions together
    skipped_steps: int  # since the start of the run: their loss or gradient was not finite
    heldout: Perplexity | None = None


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


class Trainer:
    """A model, its optimizer and its rows: `step` is one update.

    Args:
        model: with softmax and vocabulary; its parameters are changed in place.
        config: of the run.
        ranks: which rows are trained here.
    Raises:
        TrainingError: the model has no softmax.
    """

    def __init__(self, model: SavedModel, corpus: SpelledCorpus, config: PretrainConfig, ranks: Ranks) -> None:
        if model.softmax is None or model.vocabulary is None:
            raise TrainingError("pretraining needs a model with a softmax and a vocabulary")
        self.model, self.corpus, self.config, self.ranks = model, corpus, config, ranks
        self.bilm, self.softmax, self.vocabulary = model.bilm, model.softmax, model.vocabulary
        for module in (self.bilm, self.softmax):
            module.to(ranks.device)
        self.sampled = config.softmax == "sampled" and config.n_negatives < self.softmax.n_words
        trained_rows = [self.softmax.bias] if config.tied else [self.softmax.weight, self.softmax.bias]
        dense = list(self.bilm.parameters())
        self.update = WeightUpdate(
            dense if self.sampled else [*dense, *trained_rows], trained_rows if self.sampled else [], config.optimizer
        )
        self.rows = ranks.own_rows(config.rows)
        self.reader = WindowReader(
            corpus.text, config.rows, config.window, seed=config.seed, shuffle=config.shuffle, heldout=corpus.heldout_at
        )

    def zero_state(self) -> BiLMState:
        """State zero of this rank's rows."""
        start = zero_state(
            self.config.bilm.lstm, self.rows.stop - self.rows.start, torch.zeros((), device=self.ranks.device)
        )
        return BiLMState(start, start)

    def step(
        self,
        number: int,
        n_steps: int,
        window: Window,
        state: BiLMState,
        wants_stop: bool = False,
        wants_checkpoint: bool = False,
    ) -> StepResult:
        """One update.

        Args:
            number: of the step, from 0.
            window: of all rows of all ranks.
            state: of this rank's rows before it.
            wants_stop, wants_checkpoint: told to all ranks with the gradients.
        """
        config, ranks = self.config, self.ranks
        targets = target_ids(self.corpus, window)
        if self.sampled:
            random = np.random.default_rng([config.seed, NEGATIVES, number])
            outputs = draw_outputs(targets, self.softmax.n_words, config.n_negatives, random)
            gathered = gather_rows(self.softmax, outputs.word_ids)
        else:
            outputs = all_outputs(targets, self.softmax.n_words)
            gathered = OutputRows(self.softmax.weight, self.softmax.bias)
        shared = (0.5 * config.window) / window.forward_inputs.size
        sums = torch.zeros(4, device=ranks.device)  # losses of both directions; ranks that want to stop, a checkpoint
        states = []
        for rows in parts_of(self.rows, config.accumulate):
            dropout = Dropout(config.dropout, np.random.default_rng([config.seed, DROPOUT, number]), rows, config.rows)
            state_of_rows = _of_rows(state, rows, self.rows.start)
            output_rows = self._tied(gathered, outputs) if config.tied else gathered
            forward, backward, after = window_losses(
                self.model, self.corpus, window, rows, state_of_rows, outputs, output_rows, dropout, config
            )
            totals = torch.stack([forward.sum(), backward.sum()])
            (totals.sum() * shared).backward()  # type: ignore[no-untyped-call]
            sums[:2] += totals.detach()
            states.append(after)
        sums[2:] = torch.tensor([float(wants_stop), float(wants_checkpoint)])
        if self.sampled:
            ranks.add_up([copy.grad for copy in gathered if copy.grad is not None])
            give_gradients(gathered, outputs.word_ids, self.softmax)
        ranks.add_up([p.grad for p in self.update.dense if p.grad is not None] + [sums])
        rate = learning_rate_at(number, n_steps, config.optimizer)
        norm = take_step(self.update, rate, config.optimizer.clip_norm)
        loss = float(sums[:2].sum()) * 0.5 / window.forward_inputs.size
        moved = math.isfinite(norm)
        return StepResult(loss, norm, rate, _joined(states) if moved else state, moved, *(sums[2:] > 0).tolist())

    def refresh(self) -> None:
        """Make the softmax fit to be measured and saved."""
        if self.config.tied:
            refresh_tied(self.model, self.corpus)

    def _tied(self, gathered: OutputRows, outputs: Outputs) -> OutputRows:
        spellings = self.corpus.vocabulary_spellings[outputs.word_ids]
        return OutputRows(tied_weight(self.bilm, spellings, PRECISIONS[self.config.precision]), gathered.bias)


def pretrain(
    model: SavedModel,
    corpus: SpelledCorpus,
    config: PretrainConfig,
    checkpoints: Path,
    resume_from: Path | None = None,
    max_steps: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Report], None] = lambda line: None,
    ranks: Ranks = Ranks(),
) -> tuple[SavedModel, Place]:
    """Train a model on a corpus; `model` and its parameters are changed in place.

    Args:
        model: the start, with softmax and vocabulary.
        checkpoints: folder for checkpoints.
        resume_from: a checkpoint of this very run; `model` is then left aside.
        max_steps: stop there; the learning rate falls towards that step.
        stop: asked before each step; True ends the run after a checkpoint.
        report: called every `log_every` steps and after each evaluation, on the first rank.
        ranks: the processes that train together; each calls this function.
    Returns:
        the trained model and where the run stands.
    Raises:
        TrainingError: the model has no softmax, or too many steps in a row are not finite.
    """
    if resume_from is not None:
        model = load_model_of(resume_from, model)
    trainer = Trainer(model, corpus, config, ranks)
    if resume_from is None:
        place, position, state = Place(), trainer.reader.start(), trainer.zero_state()
    else:
        run = load_run_state(resume_from, model, trainer.update, config.rows)
        place, position, state = run.place, run.position, _of_rows(run.lstm, trainer.rows)
    n_steps = steps_of(trainer.reader, config, max_steps)
    sample = corpus.heldout[:: -(-len(corpus.heldout) // config.evaluate_sentences)]
    begun, seconds_before = time.monotonic(), place.seconds
    saved_at, logged_at = begun, begun
    losses: list[float] = []
    n_not_finite = 0  # in a row

    def evaluate(sentences: Sequence[Sequence[str]]) -> Perplexity:
        trainer.refresh()
        return measure_perplexity(trainer.bilm, trainer.softmax, trainer.vocabulary, model.speller, sentences)

    def save() -> None:
        trainer.refresh()
        halves = [LSTMState(*(ranks.gather_rows(t, config.rows) for t in half)) for half in state]
        if ranks.is_first:
            run = RunState(place, BiLMState(*halves), position)
            save_checkpoint(checkpoints, model, trainer.update, run, config.keep_checkpoints)
        ranks.wait()

    stopped = place.step >= n_steps
    while not stopped:
        window, position = trainer.reader.read(position)
        due = time.monotonic() - saved_at > 60 * config.checkpoint_minutes
        result = trainer.step(place.step, n_steps, window, state, stop(), due)
        state = result.state
        n_not_finite = 0 if result.moved else n_not_finite + 1
        if result.moved:
            losses.append(result.loss_nats)
        now = time.monotonic()
        place = place.model_copy(
            update={
                "step": place.step + 1,
                "sentences": position.n_sentences,
                "seconds": seconds_before + now - begun,
                "skipped_steps": place.skipped_steps + (not result.moved),
            }
        )
        if n_not_finite == config.optimizer.max_skipped_steps:
            raise TrainingError(
                f"{n_not_finite} steps in a row had a loss or gradient that is not finite (last: loss {result.loss_nats:.4g}, "
                f"norm {result.gradient_norm:.4g}); start a new run with a lower optimizer.learning_rate"
            )
        stopped = place.step >= n_steps or result.wants_stop
        evaluated = evaluate(sample) if place.step % config.evaluate_every == 0 and not stopped else None
        if evaluated is not None and (place.best is None or evaluated.mean < place.best):
            place = place.model_copy(update={"best": evaluated.mean})
            if ranks.is_first:
                save_best(checkpoints, model)
        if evaluated is not None or place.step % config.log_every == 0 or stopped:
            n_places = config.rows * config.window * (len(losses) + n_not_finite)
            report(
                Report(
                    step=place.step,
                    n_steps=n_steps,
                    epoch=place.step * config.rows * config.window / trainer.reader.n_places,
                    loss_nats=sum(losses) / len(losses) if losses else math.nan,
                    gradient_norm=result.gradient_norm,
                    learning_rate=result.learning_rate,
                    tokens_per_s=n_places / max(now - logged_at, 1e-9),
                    seconds=place.seconds,
                    skipped_steps=place.skipped_steps,
                    heldout=evaluated,
                )
            )
            losses, logged_at = [], time.monotonic()
        if stopped or result.wants_checkpoint:
            save()
            saved_at = time.monotonic()
    return model, place


def steps_of(reader: WindowReader, config: PretrainConfig, max_steps: int | None = None) -> int:
    """Steps of a whole run."""
    n_steps = -(-config.epochs * reader.n_places // (config.rows * config.window))
    return n_steps if max_steps is None else min(n_steps, max_steps)


def _of_rows(state: BiLMState, rows: slice, first: int = 0) -> BiLMState:
    """The state of some rows: `first` is the number of the state's first row."""
    own = slice(rows.start - first, rows.stop - first)
    return BiLMState(*(LSTMState(*(t[:, own] for t in half)) for half in state))


def _joined(states: Sequence[BiLMState]) -> BiLMState:
    """The states of parts, one below the other."""
    halves = zip(*states, strict=True)
    return BiLMState(*(LSTMState(*(torch.cat(parts, dim=1) for parts in zip(*half, strict=True))) for half in halves))
