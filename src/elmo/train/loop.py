"""START HERE: the pretraining loop (Peters et al. 2018, section 3.4; bilm-tf).

Each step reads one window of every row, predicts the next word of each place from the left and from the right, and moves
the weights (`trainer.py`). The LSTM state goes from window to window as a value; gradients stop at the window's border.

When does the state start from zero (`state_reset`)? `never`: bilm-tf's way; such a model meets the first words of a sentence
that is embedded alone, from state zero, as it has never met any. `windows`: where a sentence happens to begin a window, which
costs nothing. `sentences`, `documents`: wherever one begins.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import TrainingError
from elmo.model.bilm import BiLM
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus
from elmo.train.data.read_ahead import read_windows
from elmo.train.objectives.choose import objective_of
from elmo.train.perplexity import Perplexity, measure_perplexity
from elmo.train.ranks import ALONE, Ranks
from elmo.train.run_state import Place, RunState, load_model_of, load_run_state, save_best, save_checkpoint
from elmo.train.trainer import ObjectiveMaker, Trainer


@dataclass(frozen=True)
class Report:
    """One line of the log."""

    step: int
    n_steps: int
    epoch: float  # epochs read
    loss_nats: float  # training loss per token, mean of both directions, since the last report; by the recipe's softmax
    gradient_norm: float
    learning_rate: float
    tokens_per_s: float  # each place counted once, both directions trained
    seconds: float  # of training, all sessions together
    skipped_steps: int = 0  # since the start of the run: their loss or gradient was not finite
    heldout: Perplexity | None = None


def pretrain(
    model: SavedModel,
    corpus: EncodedCorpus,
    config: PretrainConfig,
    checkpoints: Path,
    resume_from: Path | None = None,
    max_steps: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Report], None] = lambda line: None,
    ranks: Ranks = ALONE,
    teacher: BiLM | None = None,
    objective: ObjectiveMaker = objective_of,
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
        teacher: what the model began from, if the recipe distils.
        objective: makes what is minimized; `objective_of`: what the recipe asks for.
    Returns:
        the trained model and where the run stands.
    Raises:
        TrainingError: the model has no softmax, or too many steps in a row are not finite.
    """
    if resume_from is not None:
        model = load_model_of(resume_from, model)
    trainer = Trainer(model, corpus, config, ranks, teacher, objective)
    if resume_from is None:
        place, position, state = Place(), trainer.reader.start(), trainer.zero_state()
    else:
        run = load_run_state(resume_from, model, trainer.update, config.rows)
        place, position, state = run.place, run.position, run.state.rows(trainer.rows)
    n_steps = steps_of(trainer.reader.n_positions, config, max_steps)
    sample = corpus.heldout[:: -(-len(corpus.heldout) // config.evaluate_sentences)]
    begun, seconds_before = time.monotonic(), place.seconds
    saved_at, logged_at = begun, begun
    losses: list[float] = []
    step_logged = place.step
    n_not_finite = 0  # steps in a row

    def evaluate(sentences: Sequence[Sequence[str]]) -> Perplexity:
        trainer.refresh()
        return measure_together(model, sentences, ranks)

    def save() -> None:
        trainer.refresh()
        of_all_rows = state.map(lambda t: ranks.gather_rows(t, config.rows))
        if ranks.is_first:
            run = RunState(place, of_all_rows, position)
            save_checkpoint(checkpoints, model, trainer.update, run, config.keep_checkpoints)
        ranks.wait()

    stopped = place.step >= n_steps
    windows = read_windows(trainer, position, place.step)
    while not stopped:
        window, prepared, position = next(windows)
        due = time.monotonic() - saved_at > 60 * config.checkpoint_minutes
        result = trainer.step(place.step, n_steps, window, state, stop(), due, prepared=prepared)
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
            n_positions = config.rows * config.window * (place.step - step_logged)
            report(
                Report(
                    step=place.step,
                    n_steps=n_steps,
                    epoch=place.step * config.rows * config.window / trainer.reader.n_positions,
                    loss_nats=sum(losses) / len(losses) if losses else math.nan,
                    gradient_norm=result.gradient_norm,
                    learning_rate=result.learning_rate,
                    tokens_per_s=n_positions / max(now - logged_at, 1e-9),
                    seconds=place.seconds,
                    skipped_steps=place.skipped_steps,
                    heldout=evaluated,
                )
            )
            losses, logged_at, step_logged = [], time.monotonic(), place.step
        if stopped or result.wants_checkpoint:
            save()
            saved_at = time.monotonic()
    return model, place


def measure_together(model: SavedModel, sentences: Sequence[Sequence[str]], ranks: Ranks) -> Perplexity:
    """`measure_perplexity`, each rank measuring its share of the sentences; every rank gets the whole."""
    own = sentences[ranks.rank :: ranks.n_ranks]
    sums = torch.zeros(4, dtype=torch.float64, device=ranks.device)
    if own:
        found = measure_perplexity(model, own)
        sums += sums.new_tensor([found.forward_nats, found.backward_nats, found.tokens, found.unknown])
    ranks.add_up([sums])
    forward, backward, tokens, unknown = sums.tolist()
    return Perplexity(forward, backward, int(tokens), int(unknown))


def steps_of(n_positions: int, config: PretrainConfig, max_steps: int | None = None) -> int:
    """Steps of a whole run over a text of `n_positions` (`WindowReader.n_positions`)."""
    n_steps = -(-config.epochs * n_positions // (config.rows * config.window))
    return n_steps if max_steps is None else min(n_steps, max_steps)
