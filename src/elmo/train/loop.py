"""START HERE: the pretraining loop (Peters et al. 2018, section 3.4; bilm-tf).

Each step reads one window of every row, predicts the next word of each position from the left and from the right, and moves the
weights. The LSTM state goes from window to window as a value; gradients stop at the window's border. The loss is
an object (`objectives/`), the trained parts are in `trainer.py`, and the records in `run_log.py`.

`state_reset` chooses where the state is reset to zero. `never`: as in bilm-tf; such a model was not trained on the zero state
with which a single sentence is embedded. `windows`: where a window begins with a new sentence, which costs nothing. `sentences`,
`documents`: wherever one begins.
"""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.model.bilm import BiLM
from elmo.model.dropout import Dropout
from elmo.model.encoders.state import BiLMState
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import EncodedCorpus
from elmo.train.data.read_ahead import read_windows
from elmo.train.data.window_tensors import WindowTensors
from elmo.train.objectives.choose import objective_of
from elmo.train.objectives.objective import StepWeights
from elmo.train.objectives.window_layers import window_layers
from elmo.train.planned_end import Schedule, read_ends
from elmo.train.ranks import ALONE, Ranks
from elmo.train.run_log import Report, RunLog
from elmo.train.run_state import RunProgress, load_model_of, load_run_state
from elmo.train.step import take_step
from elmo.train.teachers.kept_vectors import VECTORS_FOLDER
from elmo.train.teachers.teacher import Teacher
from elmo.train.trainer import ObjectiveMaker, PreparedWindow, StepResult, Trainer


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
    run_folder: Path | None = None,
    max_minutes: float | None = None,
    end_step: int | None = None,
    taught_by: Teacher | None = None,
) -> tuple[SavedModel, RunLog]:
    """Train a model on a corpus; `model` and its parameters are changed in place.

    Args:
        model: the initial model, with softmax and vocabulary.
        checkpoints: folder for checkpoints.
        resume_from: a checkpoint of this run; `model` is then ignored.
        max_steps: of the run; the learning rate falls towards that step.
        stop: asked before each step; True ends the session after a checkpoint.
        report: called every `log_every` steps and after each evaluation, on the first rank.
        ranks: the processes that train together; each calls this function.
        teacher: what the model began from, if the recipe distils.
        objective: makes what is minimized; `objective_of`: what the recipe asks for.
        run_folder: where planned ends are written down, and the teacher's vectors are kept; None: nowhere.
        max_minutes: of this session; the end of the run is planned for then (`planned_end.py`).
        end_step: the end of the run is planned for this step.
        taught_by: whose layers are learned, if the recipe has a teacher.
    Returns:
        the trained model, and the log, which knows the progress of the run.
    Raises:
        TrainingError: the model has no softmax, or too many steps in a row are not finite.
    """
    if resume_from is not None:
        model = load_model_of(resume_from, model)
    vectors_in = None if run_folder is None else run_folder / VECTORS_FOLDER
    trainer = Trainer(model, corpus, config, ranks, teacher, objective, taught_by, vectors_in)
    progress, position, state = RunProgress(), trainer.reader.start(), trainer.zero_state()
    if resume_from is not None:
        own = trainer.objective.own_tensors()
        run = load_run_state(resume_from, model, trainer.update, config.rows, trainer.n_still, own)
        progress, position, state = run.progress, run.position, run.state.rows(trainer.rows)
    n_steps = steps_of(trainer.reader.n_positions, config, max_steps)
    ends = [] if run_folder is None else read_ends(run_folder)
    schedule = Schedule(
        config.optimizer,
        n_steps,
        ends,
        run_folder if ranks.is_first else None,
        trainer.n_softmax_steps,
        1.0 if config.adaptation is None else config.adaptation.softmax_rate,
    )
    if end_step is not None:
        schedule.plan(progress.step, end_step)
    elif progress.step >= schedule.end_at(progress.step) and progress.step < n_steps:
        schedule.plan(progress.step, n_steps)  # the run continues after a planned end
    log = RunLog(trainer, progress, schedule, checkpoints, stop, report, max_minutes)
    windows = read_windows(trainer, position, progress.step)
    while not log.ended:
        prepared, position = next(windows)  # read
        learning_rate = schedule.learning_rate(log.progress.step)
        result = train_step(trainer, log.progress.step, learning_rate, prepared, state, *log.wishes())
        state = result.state
        log.add(result, position, state)
    return model, log


def train_step(
    trainer: Trainer,
    number: int,
    learning_rate: float,
    prepared: PreparedWindow,
    state: BiLMState,
    wants_stop: bool = False,
    wants_checkpoint: bool = False,
) -> StepResult:
    """One update: forward, loss and backward of each part of the rows, then the optimizer's step.

    Args:
        number: of the step, from 0.
        prepared: what `Trainer.prepare` makes of a window.
        state: of this rank's rows before it.
        wants_stop, wants_checkpoint: sent to all ranks with the gradients.
    """
    config, ranks, objective = trainer.config, trainer.ranks, trainer.objective
    trainer.choose_trained(number)
    weights = objective.gather(prepared.drawn)
    wishes = [float(wants_stop), float(wants_checkpoint)]
    n_terms = len(objective.terms)
    # Losses of both directions; of each term its sum and count; ranks that wish to stop, to save a checkpoint.
    sums = torch.tensor([0.0, 0.0, *[0.0] * 2 * n_terms, *wishes], device=ranks.device)
    run, states = partial(forward_backward, trainer), []
    for rows, given, dropout in prepared.parts:
        before = state.rows(slice(rows.start - trainer.rows.start, rows.stop - trainer.rows.start))
        if trainer.graphed is None:
            given = given.to(ranks.device)  # before the device has work to do: a transfer waits for its end
            losses, after = run(given, before, weights, dropout)
        else:
            losses, after = trainer.graphed(run, given, before, weights, trainer.dropout_seed(number))
        sums[:-2] += losses
        states.append(after)
    objective.collect(weights, prepared.drawn, ranks)
    ranks.add_up([*(p.grad for p in trainer.update.dense if p.grad is not None), sums])
    norm = take_step(trainer.update, learning_rate, config.optimizer.clip_norm)
    loss = float(sums[:2].sum()) * 0.5 / (config.rows * config.window)
    moved = math.isfinite(norm)
    after_step = BiLMState.concat(states) if moved else state
    terms = [(total, count) for total, count in sums[2:-2].view(n_terms, 2).tolist()]
    stops, saves = (sums[-2:] > 0).tolist()
    return StepResult(loss, norm, learning_rate, after_step, moved, stops, saves, terms)


def forward_backward(
    trainer: Trainer, given: WindowTensors, state: BiLMState, weights: StepWeights, dropout: Dropout
) -> tuple[Tensor, BiLMState]:
    """Forward, loss and backward of some rows of a window; on one GPU this is recorded once and replayed.

    Args:
        given: the rows. state: of these rows before the window. weights: what the objective gathered.
    Returns:
        the sum of each direction's losses, then sum and count of each term, float (2 + 2 * terms,), and the state after it.
    """
    objective = trainer.objective
    weights = objective.derive(weights)
    layers = window_layers(trainer.bilm, given, state, dropout, trainer.precision)  # forward
    forward, backward, *terms = objective.loss(layers, given, state, weights)  # (B * T,) of each direction
    sums = torch.stack([forward.sum(), backward.sum()])
    (sums.sum() * trainer.scale).backward()  # type: ignore[no-untyped-call]
    return torch.cat([sums.detach(), *terms]), layers.after


def steps_of(n_positions: int, config: PretrainConfig, max_steps: int | None = None) -> int:
    """Steps of a whole run over a text of `n_positions` (`WindowReader.n_positions`)."""
    n_steps = -(-config.epochs * n_positions // (config.rows * config.window))
    return n_steps if max_steps is None else min(n_steps, max_steps)
