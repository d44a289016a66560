"""The losses of one window: which rows of the softmax it looks at, and what each place loses in both directions."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.saved_model import SavedModel
from elmo.model.bilm import BiLM, BiLMState
from elmo.model.dropout import Dropout
from elmo.model.fast_softmax import SampledTargets, sampled_loss_fast
from elmo.model.lstm import LSTMState, TrainingPass
from elmo.model.softmax import Softmax, draw_negatives, expected_count
from elmo.text.speller import Spellings
from elmo.text.windows import Window
from elmo.train.config import PretrainConfig
from elmo.train.spelled_corpus import SpelledCorpus

_AT_ONCE = 4096  # words whose token layer is made at once
PRECISIONS: dict[str, torch.dtype | None] = {"float32": None, "bfloat16": torch.bfloat16}


class Outputs(NamedTuple):
    """The words that a step predicts or draws, and where each place finds them."""

    word_ids: NDArray[np.int64]  # int64 (U,), vocabulary ids, all different
    targets: NDArray[np.int64]  # int64 (2, B, T), places in `word_ids`: forward, backward
    target_log_counts: Tensor  # float (2, B, T)
    negatives: NDArray[np.int64]  # int64 (2, S), places in `word_ids`
    negative_log_counts: Tensor  # float (2, S)

    def of_direction(self, number: int, rows: slice, device: torch.device) -> SampledTargets:
        """What some rows predict: 0 forward, 1 backward."""
        return SampledTargets(
            torch.from_numpy(self.targets[number, rows].reshape(-1)).to(device),
            torch.from_numpy(self.negatives[number]).to(device),
            self.target_log_counts[number, rows].reshape(-1).to(device),
            self.negative_log_counts[number].to(device),
        )


def target_ids(corpus: SpelledCorpus, window: Window) -> NDArray[np.int64]:
    """Vocabulary ids of what a window predicts: int64 (2, B, T), forward, backward."""
    return corpus.targets[np.stack([window.forward_targets, window.backward_targets])].astype(np.int64)


def draw_outputs(targets: NDArray[np.int64], n_words: int, n_negatives: int, random: np.random.Generator) -> Outputs:
    """Draw the negatives of both directions: targets int64 (2, B, T), vocabulary ids."""
    drawn = [draw_negatives(n_words, n_negatives, random) for _ in range(2)]
    ids = np.concatenate([targets.reshape(-1), *(d.ids.numpy() for d in drawn)])
    word_ids, where = np.unique(ids, return_inverse=True)
    counts = [expected_count(torch.from_numpy(t), n_words, d.n_tries) for t, d in zip(targets, drawn, strict=True)]
    return Outputs(
        word_ids,
        where[: targets.size].reshape(targets.shape),
        torch.stack(counts).log().float(),
        where[targets.size :].reshape(2, n_negatives),
        torch.stack([d.expected_counts for d in drawn]).log(),
    )


def all_outputs(targets: NDArray[np.int64], n_words: int) -> Outputs:
    """Every word against every other, which is the full softmax: targets int64 (2, B, T)."""
    every = np.arange(n_words)
    return Outputs(every, targets, torch.zeros(targets.shape), np.stack([every, every]), torch.zeros(2, n_words))


class OutputRows(NamedTuple):
    """Weights and biases of the softmax that a step looks at, in the order of `Outputs.word_ids`."""

    weight: Tensor  # float (U, P)
    bias: Tensor  # float (U,)


def gather_rows(softmax: Softmax, word_ids: NDArray[np.int64]) -> OutputRows:
    """Copies of some rows that collect the gradient; `give_gradients` hands it to the softmax."""
    ids = torch.from_numpy(word_ids).to(softmax.weight.device)
    return OutputRows(*(p.detach().index_select(0, ids).requires_grad_() for p in (softmax.weight, softmax.bias)))


def tied_weight(bilm: BiLM, spellings: Spellings, precision: torch.dtype | None) -> Tensor:
    """The rows of a tied softmax, the token layer of the words themselves: (U, C) -> float (U, P)."""
    char_ids = torch.from_numpy(spellings.astype(np.int64)).to(next(bilm.parameters()).device)
    return bilm.read_fast(char_ids, precision)


@torch.no_grad()
def refresh_tied(model: SavedModel, spellings: Spellings) -> None:
    """Write the rows of a tied softmax into it, where perplexity and a saved model find them: (V, C) spellings of its words."""
    assert model.softmax is not None
    for begin in range(0, model.softmax.n_words, _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        model.softmax.weight[part] = tied_weight(model.bilm, spellings[part], None)


def give_gradients(rows: OutputRows, word_ids: NDArray[np.int64], softmax: Softmax) -> None:
    """Hand the gradients of gathered rows to the softmax, as sparse rows."""
    ids = torch.from_numpy(word_ids).to(softmax.weight.device)[None]
    for copy, p in ((rows.weight, softmax.weight), (rows.bias, softmax.bias)):
        if copy.grad is not None:
            p.grad = torch.sparse_coo_tensor(ids, copy.grad, p.shape, is_coalesced=True, check_invariants=False)


def window_losses(
    model: SavedModel,
    corpus: SpelledCorpus,
    window: Window,
    rows: slice,
    state: BiLMState,
    outputs: Outputs,
    output_rows: OutputRows,
    dropout: Dropout,
    config: PretrainConfig,
) -> tuple[Tensor, Tensor, BiLMState]:
    """Losses of some rows of a window.

    Args:
        rows: which of the window's rows.
        state: of these rows before the window.
        outputs: what the places of all rows predict, and against what. output_rows: of the softmax, for them.
        dropout: of these rows.
    Returns:
        forward and backward loss_nats, float (rows * T,) each, and the state after the window, cut from the gradient.
    """
    device, precision = output_rows.bias.device, PRECISIONS[config.precision]
    ahead, behind, after = window_tops(model.bilm, corpus, window, rows, state, dropout, config)
    losses = []
    for number, x in enumerate((ahead, behind)):
        what = outputs.of_direction(number, rows, device)
        losses.append(sampled_loss_fast(x, output_rows.weight, output_rows.bias, what, precision))
    return losses[0], losses[1], after


def window_tops(
    bilm: BiLM,
    corpus: SpelledCorpus,
    window: Window,
    rows: slice,
    state: BiLMState,
    dropout: Dropout,
    config: PretrainConfig,
) -> tuple[Tensor, Tensor, BiLMState]:
    """What an output layer reads of some rows of a window, see `window_losses`.

    Returns:
        the top layer of the forward and the backward LM, float (rows * T, P) each, and the state after the window, cut from
        the gradient.
    """
    device, precision = state.forward.hidden.device, PRECISIONS[config.precision]
    inputs = np.stack([window.forward_inputs[rows], window.backward_inputs[rows]])  # (2, B, T)
    words, where = np.unique(inputs, return_inverse=True)
    char_ids = torch.from_numpy(corpus.spellings[words].astype(np.int64)).to(device)  # (words, C)
    vectors = dropout.of_words(bilm.read_fast(char_ids, precision), words)  # (words, P)
    x = vectors.index_select(0, torch.from_numpy(where.reshape(-1)).to(device)).view(*inputs.shape, -1)  # (2, B, T, P)
    how = TrainingPass(dropout, precision, _resets(window, rows, config, device))
    state = with_fresh_rows(state, window.begins[rows, 0]) if config.state_reset == "windows" else state
    ahead, forward_state = bilm.forward_lm(x[0], None, state.forward, how)
    behind, backward_state = bilm.backward_lm(x[1], None, state.backward, how)
    after = BiLMState(
        *(LSTMState(half.hidden.detach(), half.cell.detach()) for half in (forward_state, backward_state))
    )
    P = x.shape[3]
    return ahead[-1].reshape(-1, P), behind[-1].reshape(-1, P), after  # (B * T, P)


def with_fresh_rows(state: BiLMState, begins: NDArray[np.bool_]) -> BiLMState:
    """The state with zeros in the rows whose window begins with a sentence: begins bool (B,)."""
    fresh = torch.from_numpy(begins).to(state.forward.hidden.device)[:, None]  # (B, 1)
    return BiLMState(*(LSTMState(*(t.masked_fill(fresh, 0.0) for t in half)) for half in state))


def _resets(window: Window, rows: slice, config: PretrainConfig, device: torch.device) -> Tensor | None:
    """Before which places the state is zero: bool (B, T); None: before none."""
    if config.state_reset not in ("sentences", "documents"):
        return None
    begins = window.begins if config.state_reset == "sentences" else window.document_begins
    return torch.from_numpy(begins[rows]).to(device) if begins[rows].any() else None


def parts_of(rows: slice, n_parts: int) -> Sequence[slice]:
    """Cut the rows of a rank into parts of like size: fewer if there are fewer rows."""
    n_rows = rows.stop - rows.start
    n_parts = min(n_parts, n_rows)
    edges = [rows.start + i * n_rows // n_parts for i in range(n_parts + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
