"""START HERE: the pretraining loop (Peters et al. 2018, section 3.4; bilm-tf).

Each step reads one window of every row, predicts the next word of each place from the left and from the right, and moves
the weights. The LSTM state goes from window to window as a value; gradients stop at the window's border. A sentence that
happens to begin a window starts from state zero (`fresh_starts`): bilm-tf never let go of the state, and such a model meets
the first words of a sentence that is embedded alone, from state zero, as it has never met any.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import TrainingError
from elmo.model.bilm import BiLM, BiLMState
from elmo.model.char_cnn import count_characters
from elmo.model.lstm import LSTMState, zero_state
from elmo.model.softmax import Negatives, Softmax, draw_negatives
from elmo.text.shards import EncodedText
from elmo.text.speller import Spellings
from elmo.text.vocabulary import Vocabulary
from elmo.text.windows import Window, WindowReader
from elmo.train.config import PretrainConfig
from elmo.train.perplexity import Perplexity, measure_perplexity
from elmo.train.run_state import Place, load_checkpoint, save_checkpoint
from elmo.train.step import learning_rate_at, make_optimizer, take_step

LENGTH_GROUPS = 3  # words of like length are convolved together, so that short ones carry little padding


@dataclass(frozen=True)
class Report:
    """One line of the log."""

    step: int
    n_steps: int
    epoch: int
    loss_nats: float  # training loss per token, mean of both directions, since the last report; sampled or full
    gradient_norm: float
    learning_rate: float
    tokens_per_s: float  # each place counted once, both directions trained
    seconds: float
    heldout: Perplexity | None = None


@dataclass(frozen=True)
class Corpus:
    """What the loop reads: the text, its words spelled and numbered once, and sentences held out."""

    text: EncodedText
    heldout: Sequence[Sequence[str]]
    spellings: Spellings  # (words, C), rows of the speller
    targets: NDArray[np.int32]  # int32 (words,), vocabulary ids


def frequency_bias(corpus: Corpus, vocabulary: Vocabulary) -> Tensor:
    """log of each vocabulary word's share of the targets: float (V,); the sampled softmax starts from it.

    From a bias of 0 the rows of rare words, which are hardly ever drawn, would keep far too high a score for long.
    """
    counts = np.bincount(corpus.targets, corpus.text.word_counts, minlength=len(vocabulary))
    counts[[vocabulary.start_id, vocabulary.end_id]] = corpus.text.n_sentences - len(corpus.text.heldout)
    return torch.from_numpy(np.log((counts + 0.5) / (counts + 0.5).sum())).float()


def token_vectors(bilm: BiLM, char_ids: Tensor) -> Tensor:
    """The token layer of different words, words of like length together: int (words, C) -> float (words, P)."""
    if bilm.config.char_cnn is None:
        return bilm.token_layer(char_ids)
    by_length = count_characters(char_ids, bilm.config.char_cnn.pad_character).argsort(stable=True)
    vectors = torch.cat([bilm.token_layer(char_ids[group]) for group in by_length.chunk(LENGTH_GROUPS)])
    return vectors[by_length.argsort()]


def with_fresh_rows(state: BiLMState, begins: NDArray[np.bool_]) -> BiLMState:
    """The state with zeros in the rows whose window begins with a sentence: begins bool (B,)."""
    fresh = torch.from_numpy(begins).to(state.forward.hidden.device)[:, None]  # (B, 1)
    return BiLMState(*(LSTMState(*(t.masked_fill(fresh, 0.0) for t in half)) for half in state))


def window_losses(
    bilm: BiLM,
    softmax: Softmax,
    corpus: Corpus,
    window: Window,
    state: BiLMState,
    negatives: Sequence[Negatives] | None,
    dropout: float,
) -> tuple[Tensor, Tensor, BiLMState]:
    """Losses of one window.

    Args:
        state: of every row before the window.
        negatives: of the forward and of the backward direction; None: full softmax.
    Returns:
        forward and backward loss_nats, float (B * T,) each, and the state after the window, cut from the gradient.
    """
    device = softmax.weight.device
    inputs = np.stack([window.forward_inputs, window.backward_inputs])  # (2, B, T)
    words, where = np.unique(inputs, return_inverse=True)
    char_ids = torch.from_numpy(corpus.spellings[words].astype(np.int64)).to(device)  # (words, C)
    x = token_vectors(bilm, char_ids)[torch.from_numpy(where.reshape(inputs.shape)).to(device)]  # (2, B, T, P)
    ahead, forward_state = bilm.forward_lm(x[0], None, state.forward, dropout)
    behind, backward_state = bilm.backward_lm(x[1], None, state.backward, dropout)
    losses = []
    for number, (top, ids) in enumerate(((ahead[-1], window.forward_targets), (behind[-1], window.backward_targets))):
        targets = torch.from_numpy(corpus.targets[ids].reshape(-1).astype(np.int64)).to(device)  # (B * T,)
        flat = top.reshape(len(targets), -1)  # (B * T, P)
        losses.append(
            softmax.loss(flat, targets) if negatives is None else softmax.sampled_loss(flat, targets, negatives[number])
        )
    after = BiLMState(
        *(LSTMState(half.hidden.detach(), half.cell.detach()) for half in (forward_state, backward_state))
    )
    return losses[0], losses[1], after


def pretrain(
    model: SavedModel,
    corpus: Corpus,
    config: PretrainConfig,
    checkpoints: Path,
    resume_from: Path | None = None,
    max_steps: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Report], None] = lambda line: None,
) -> tuple[SavedModel, Place]:
    """Train a model on a corpus; `model` and its parameters are changed in place.

    Args:
        model: the start, with softmax and vocabulary.
        checkpoints: folder for checkpoints.
        resume_from: a checkpoint of this very run; `model` is then left aside.
        max_steps: stop there; the learning rate falls towards that step.
        stop: asked after each step; True ends the run after a checkpoint.
        report: called every `log_every` steps and after each evaluation.
    Returns:
        the trained model and where the run stands.
    Raises:
        TrainingError: the model has no softmax, or a loss is not finite.
    """

    def optimizer_of(model: SavedModel) -> torch.optim.Optimizer:
        return make_optimizer(trained_parameters(model), config.optimizer)

    reader = WindowReader(
        corpus.text,
        config.rows,
        config.window,
        seed=config.seed,
        shuffle="sentences",
        heldout=corpus.text.heldout,
    )
    place, position = Place(), reader.start()
    if resume_from is not None:
        model, optimizer, state, place, position = load_checkpoint(resume_from, model, config.rows, optimizer_of)
    else:
        torch.manual_seed(config.seed)
        optimizer = optimizer_of(model)
        start = zero_state(config.bilm.lstm, config.rows, torch.zeros(()))
        state = BiLMState(start, start)
    bilm, softmax, vocabulary = model.bilm, model.softmax, model.vocabulary
    if softmax is None or vocabulary is None:
        raise TrainingError("pretraining needs a model with a softmax and a vocabulary")
    window_places = config.rows * config.window
    n_steps = -(-config.epochs * reader.n_places // window_places)
    n_steps = n_steps if max_steps is None else min(n_steps, max_steps)
    sampled = config.softmax == "sampled" and config.n_negatives < softmax.n_words
    sample = corpus.heldout[:: -(-len(corpus.heldout) // config.evaluate_sentences)]
    begun, seconds_before = time.monotonic(), place.seconds
    saved_at, logged_at, n_places = begun, begun, 0
    losses: list[float] = []

    def evaluate(sentences: Sequence[Sequence[str]]) -> Perplexity:
        return measure_perplexity(bilm, softmax, vocabulary, model.speller, sentences)

    stopped = place.step >= n_steps
    while not stopped:
        window, position = reader.read(position)
        draw = np.random.default_rng([config.seed, 1, place.step])
        negatives = [draw_negatives(softmax.n_words, config.n_negatives, draw) for _ in range(2)] if sampled else None
        state = with_fresh_rows(state, window.begins[:, 0]) if config.fresh_starts else state
        forward, backward, state = window_losses(bilm, softmax, corpus, window, state, negatives, config.dropout)
        loss = 0.5 * (forward.mean() + backward.mean())
        learning_rate = learning_rate_at(place.step, n_steps, config.optimizer)
        norm = take_step(loss * config.window, optimizer, learning_rate, config.optimizer.clip_norm)
        losses.append(float(loss.detach()))
        n_places += window.forward_inputs.size
        now = time.monotonic()
        seconds = seconds_before + now - begun
        place = Place(step=place.step + 1, sentences=position.n_sentences, seconds=seconds)
        epoch = place.step * window_places // reader.n_places
        stopped = place.step >= n_steps or stop()
        evaluated = evaluate(sample) if place.step % config.evaluate_every == 0 and not stopped else None
        if evaluated is not None or place.step % config.log_every == 0 or stopped:
            speed = n_places / max(now - logged_at, 1e-9)
            mean = sum(losses) / len(losses)
            report(Report(place.step, n_steps, epoch, mean, norm, learning_rate, speed, seconds, evaluated))
            losses, n_places, logged_at = [], 0, time.monotonic()
        if stopped or now - saved_at > 60 * config.checkpoint_minutes:
            save_checkpoint(checkpoints, model, optimizer, state, place, position, config.keep_checkpoints)
            saved_at = time.monotonic()
    return model, place


def trained_parameters(model: SavedModel) -> list[nn.Parameter]:
    """The parameters that pretraining moves, in the order that checkpoints keep."""
    softmax = [] if model.softmax is None else list(model.softmax.parameters())
    return [*model.bilm.parameters(), *softmax]
