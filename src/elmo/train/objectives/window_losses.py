"""The losses of one window: the rows of the softmax that it looks at, and what each place loses in both directions."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.checkpoints.saved_model import SavedModel
from elmo.model.bilm import BiLM
from elmo.model.dropout import NO_DROPOUT, Dropout
from elmo.model.encoders.lstm.gpu_lstm import read_window
from elmo.model.encoders.lstm.lstm import LSTMState, TrainingPass
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.products import look_up, named_precision
from elmo.model.output.adaptive_softmax import AdaptiveSoftmax
from elmo.model.output.fast_softmax import sampled_loss_fast
from elmo.model.output.softmax import Softmax
from elmo.text.words.word_encoder import Spellings
from elmo.train.config import PretrainConfig
from elmo.train.data.window_tensors import WindowTensors
from elmo.train.objectives.distillation import Teaching, distances_of_places

_AT_ONCE = 4096  # words whose token layer is made at once


class OutputRows(NamedTuple):
    """Weights and biases of the softmax that a step looks at, in the order of `Outputs.word_ids`."""

    weight: Tensor  # float (U, P)
    bias: Tensor  # float (U,)


def gather_rows(softmax: Softmax, word_ids: NDArray[np.int64]) -> OutputRows:
    """Copies of some rows that collect the gradient; `give_gradients` hands it to the softmax."""
    ids = torch.from_numpy(word_ids).to(softmax.weight.device)
    return OutputRows(*(p.detach().index_select(0, ids).requires_grad_() for p in (softmax.weight, softmax.bias)))


def product_precision(config: PretrainConfig, device: torch.device) -> torch.dtype | None:
    """In which precision a run's matrix products are made on a device; None: that of the weights."""
    return named_precision(config.precision, device)


def tied_weight(bilm: BiLM, spellings: Spellings, precision: torch.dtype | None) -> Tensor:
    """The rows of a tied softmax, the token layer of the words themselves: (U, C) -> float (U, P)."""
    char_ids = torch.from_numpy(spellings.astype(np.int64)).to(next(bilm.parameters()).device)
    return bilm.forward_train(char_ids, precision)


@torch.no_grad()
def refresh_tied(model: SavedModel, spellings: Spellings) -> None:
    """Write the rows of a tied softmax into it, where perplexity and a saved model find them: (V, C) spellings of its words."""
    assert isinstance(model.softmax, Softmax)
    for begin in range(0, model.softmax.n_words, _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        model.softmax.weight[part] = tied_weight(model.bilm, spellings[part], None)


def give_gradients(rows: OutputRows, word_ids: NDArray[np.int64], softmax: nn.Module) -> None:
    """Hand the gradients of gathered rows to the softmax that they came from, as sparse rows."""
    ids = torch.from_numpy(word_ids).to(rows.weight.device)[None]
    with torch.sparse.check_sparse_tensor_invariants(False):  # type: ignore[no-untyped-call]  # else PyTorch warns
        for copy, p in zip(rows, map(softmax.get_parameter, OutputRows._fields), strict=True):
            if copy.grad is not None:
                p.grad = torch.sparse_coo_tensor(ids, copy.grad, p.shape, is_coalesced=True)


def window_losses(
    bilm: BiLM,
    given: WindowTensors,
    state: BiLMState,
    output: OutputRows | AdaptiveSoftmax,
    dropout: Dropout,
    precision: torch.dtype | None,
    teaching: Teaching | None = None,
) -> tuple[Tensor, Tensor, BiLMState]:
    """Losses of some rows of a window.

    Args:
        given: the rows. state: of these rows before the window; a teacher reads on from it too.
        output: the rows of the softmax for the words that they are measured against, or the whole of an adaptive one.
        precision: of matrix products; None: that of the weights.
        teaching: what is mixed into the loss, see `distillation.py`.
    Returns:
        forward and backward loss, float (B * T,) each, in nats without teaching; and the state after the window, cut from the
        gradient.
    """
    if teaching is None:
        ahead, behind, after = window_tops(bilm, given, state, dropout, precision)
        forward, backward = _unpredicted(ahead, behind, given, output, precision)
        return forward, backward, after
    own = window_layers(bilm, given, state, dropout, precision)
    with torch.no_grad():
        right = window_layers(teaching.teacher, given.spelled_right(), state, NO_DROPOUT, precision)
    losses = [teaching.share * distances_of_places(*pair) for pair in zip(own[:2], right[:2], strict=True)]
    if teaching.share < 1:
        ahead, behind = (layers[-1].flatten(0, 1) for layers in own[:2])
        nats = _unpredicted(ahead, behind, given, output, precision)
        losses = [loss + (1 - teaching.share) * x for loss, x in zip(losses, nats, strict=True)]
    return losses[0], losses[1], own.after


def _unpredicted(
    ahead: Tensor,
    behind: Tensor,
    given: WindowTensors,
    output: OutputRows | AdaptiveSoftmax,
    precision: torch.dtype | None,
) -> tuple[Tensor, Tensor]:
    """Top layers float (B * T, P) -> loss_nats of both directions, float (B * T,) each."""
    forward, backward = (
        output.loss(x, what.target_at, precision)
        if isinstance(output, AdaptiveSoftmax)
        else sampled_loss_fast(x, *output, what, precision)
        for x, what in zip((ahead, behind), given.targets, strict=True)
    )
    return forward, backward


class WindowLayers(NamedTuple):
    """What both language models make of some rows of a window."""

    forward: list[Tensor]  # float (B, T, P) each, token layer first
    backward: list[Tensor]  # the same in the order in which it reads
    after: BiLMState  # the state after the window, cut from the gradient


def window_layers(
    bilm: BiLM, given: WindowTensors, state: BiLMState, dropout: Dropout, precision: torch.dtype | None
) -> WindowLayers:
    """All layers of some rows of a window, see `window_losses`."""
    x, state, how = _read(bilm, given, state, dropout, precision)
    ahead, forward_state = bilm.forward_lm(x[0], None, LSTMState(*state.forward), how)
    behind, backward_state = bilm.backward_lm(x[1], None, LSTMState(*state.backward), how)
    return WindowLayers([x[0], *ahead], [x[1], *behind], BiLMState(forward_state, backward_state).detach())


def window_tops(
    bilm: BiLM, given: WindowTensors, state: BiLMState, dropout: Dropout, precision: torch.dtype | None
) -> tuple[Tensor, Tensor, BiLMState]:
    """What an output layer reads of some rows of a window, see `window_losses`.

    Returns:
        the top layer of the forward and the backward LM, float (B * T, P) each, and the state after the window, cut from the
        gradient.
    """
    if given.char_ids.is_cuda:
        (ahead, behind), halves = read_window(bilm, *_read(bilm, given, state, dropout, precision))
        after = halves.detach()
    else:
        (*_, ahead), (*_, behind), after = window_layers(bilm, given, state, dropout, precision)
    return ahead.flatten(0, 1), behind.flatten(0, 1), after  # (B * T, P)


def _read(
    bilm: BiLM, given: WindowTensors, state: BiLMState, dropout: Dropout, precision: torch.dtype | None
) -> tuple[Tensor, BiLMState, TrainingPass]:
    """The token layer of both directions, float (2, B, T, P), the state before, and how to read."""
    vectors = bilm.forward_train(given.char_ids, precision)  # (W, P)
    if given.word_scale is not None:
        vectors = vectors * given.word_scale
    state = state if given.begins is None else state.fresh(given.begins)
    return look_up(vectors, given.where), state, TrainingPass(dropout, precision, given.resets)
