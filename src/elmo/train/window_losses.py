"""The losses of one window: which rows of the softmax it looks at, and what each place loses in both directions."""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from elmo.checkpoints.saved_model import SavedModel
from elmo.model.adaptive_softmax import AdaptiveSoftmax
from elmo.model.bilm import BiLM, BiLMState
from elmo.model.dropout import Dropout
from elmo.model.fast_softmax import SampledTargets, sampled_loss_fast
from elmo.model.gpu_lstm import read_window
from elmo.model.lstm import LSTMState, TrainingPass
from elmo.model.products import known_precision, look_up
from elmo.model.softmax import Softmax, draw_negatives, expected_count
from elmo.text.speller import Spellings
from elmo.text.windows import Window
from elmo.train.config import PretrainConfig
from elmo.train.mistyped_inputs import MistypedInputs
from elmo.train.spelled_corpus import SpelledCorpus

_AT_ONCE = 4096  # words whose token layer is made at once
_PRECISIONS: dict[str, torch.dtype | None] = {"float32": None, "bfloat16": torch.bfloat16}


class Outputs(NamedTuple):
    """The words that a step predicts or draws, and where each place finds them."""

    word_ids: NDArray[np.int64]  # int64 (U,), vocabulary ids, all different
    targets: NDArray[np.int64]  # int64 (2, B, T), places in `word_ids`: forward, backward
    target_log_counts: Tensor  # float (2, B, T)
    negatives: NDArray[np.int64]  # int64 (2, S), places in `word_ids`
    negative_log_counts: Tensor  # float (2, S)

    def of_direction(self, number: int, rows: slice) -> SampledTargets:
        """What some rows predict: 0 forward, 1 backward."""
        return SampledTargets(
            torch.from_numpy(self.targets[number, rows].reshape(-1)),
            torch.from_numpy(self.negatives[number]),
            self.target_log_counts[number, rows].reshape(-1),
            self.negative_log_counts[number],
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
    """Every word against every other, which is the full softmax: targets int64 (2, B, T).

    An output layer that finds its words itself needs the targets alone: `n_words` 0.
    """
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


def product_precision(config: PretrainConfig, device: torch.device) -> torch.dtype | None:
    """In which precision a run's matrix products are made on a device; None: that of the weights."""
    return known_precision(_PRECISIONS[config.precision], device)


def tied_weight(bilm: BiLM, spellings: Spellings, precision: torch.dtype | None) -> Tensor:
    """The rows of a tied softmax, the token layer of the words themselves: (U, C) -> float (U, P)."""
    char_ids = torch.from_numpy(spellings.astype(np.int64)).to(next(bilm.parameters()).device)
    return bilm.read_fast(char_ids, precision)


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


class WindowTensors(NamedTuple):
    """Some rows of a window as tensors: all that the weights do not decide. B: the rows trained here."""

    char_ids: Tensor  # int64 (W, C), the different words, spelled, and behind them those with a typing error
    where: Tensor  # int64 (2, B, T), which of them is read where: forward, backward
    word_scale: Tensor | None  # float (W, 1), see `Dropout.scale_of_words`
    begins: Tensor | None  # bool (B,), rows whose state is zero before the window; None: none
    resets: Tensor | None  # bool (B, T), places before which it is; None: none
    targets: tuple[SampledTargets, SampledTargets]  # forward, backward

    def to(self, device: torch.device) -> "WindowTensors":
        """The same on a device."""
        return self.mapped(lambda t: t.to(device))

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "WindowTensors":
        """The same with each tensor changed."""
        forward, backward = (SampledTargets(*map(change, part)) for part in self.targets)
        word_scale, begins, resets = (None if t is None else change(t) for t in self[2:5])
        return WindowTensors(change(self.char_ids), change(self.where), word_scale, begins, resets, (forward, backward))

    def flat(self) -> list[Tensor]:
        """The tensors, one after the other."""
        return [*(t for t in self[:-1] if isinstance(t, Tensor)), *(t for part in self.targets for t in part)]


def tensors_of(
    corpus: SpelledCorpus,
    window: Window,
    rows: slice,
    outputs: Outputs,
    dropout: Dropout,
    config: PretrainConfig,
    mistyped: MistypedInputs | None = None,
) -> WindowTensors:
    """Some rows of a window.

    Args:
        rows: which of the window's rows.
        outputs: what the places of all rows predict, and against what.
        dropout: of these rows.
        mistyped: inputs of all rows that have a typing error.
    """
    inputs = np.stack([window.forward_inputs[rows], window.backward_inputs[rows]])  # (2, B, T)
    words, where = np.unique(inputs, return_inverse=True)
    where = where.reshape(inputs.shape)
    spellings, scale = corpus.spellings[words], dropout.scale_of_words(words)
    if mistyped is not None:
        places, wrong = mistyped.of_rows(rows)
        spellings = np.concatenate([spellings, wrong])
        if scale is not None:
            of_right_words = scale[torch.from_numpy(where[places])]  # a word is dropped however it is spelled
            scale = torch.cat([scale, of_right_words])
        where[places] = len(words) + np.arange(len(wrong))
    return WindowTensors(
        torch.from_numpy(spellings.astype(np.int64)),
        torch.from_numpy(where),
        scale,
        torch.from_numpy(window.begins[rows, 0]) if config.state_reset == "windows" else None,
        _resets(window, rows, config),
        (outputs.of_direction(0, rows), outputs.of_direction(1, rows)),
    )


def window_losses(
    bilm: BiLM,
    given: WindowTensors,
    state: BiLMState,
    output: OutputRows | AdaptiveSoftmax,
    dropout: Dropout,
    precision: torch.dtype | None,
) -> tuple[Tensor, Tensor, BiLMState]:
    """Losses of some rows of a window.

    Args:
        given: the rows. state: of these rows before the window.
        output: the rows of the softmax for the words that they are measured against, or the whole of an adaptive one.
        precision: of matrix products; None: that of the weights.
    Returns:
        forward and backward loss_nats, float (B * T,) each, and the state after the window, cut from the gradient.
    """
    ahead, behind, after = window_tops(bilm, given, state, dropout, precision)
    forward, backward = (
        output.loss(x, what.target_at, precision)
        if isinstance(output, AdaptiveSoftmax)
        else sampled_loss_fast(x, *output, what, precision)
        for x, what in zip((ahead, behind), given.targets, strict=True)
    )
    return forward, backward, after


def window_tops(
    bilm: BiLM, given: WindowTensors, state: BiLMState, dropout: Dropout, precision: torch.dtype | None
) -> tuple[Tensor, Tensor, BiLMState]:
    """What an output layer reads of some rows of a window, see `window_losses`.

    Returns:
        the top layer of the forward and the backward LM, float (B * T, P) each, and the state after the window, cut from the
        gradient.
    """
    vectors = bilm.read_fast(given.char_ids, precision)  # (W, P)
    if given.word_scale is not None:
        vectors = vectors * given.word_scale
    x = look_up(vectors, given.where)  # (2, B, T, P)
    how = TrainingPass(dropout, precision, given.resets)
    state = state if given.begins is None else with_fresh_rows(state, given.begins)
    if x.is_cuda:
        (ahead, behind), halves = read_window(bilm, x, state, how)
    else:
        (*_, ahead), forward_state = bilm.forward_lm(x[0], None, state.forward, how)
        (*_, behind), backward_state = bilm.backward_lm(x[1], None, state.backward, how)
        halves = BiLMState(forward_state, backward_state)
    after = BiLMState(*(LSTMState(half.hidden.detach(), half.cell.detach()) for half in halves))
    P = x.shape[3]
    return ahead.reshape(-1, P), behind.reshape(-1, P), after  # (B * T, P)


def with_fresh_rows(state: BiLMState, begins: Tensor) -> BiLMState:
    """The state with zeros in the rows whose window begins with a sentence: begins bool (B,)."""
    fresh = begins[:, None]  # (B, 1)
    return BiLMState(*(LSTMState(*(t.masked_fill(fresh, 0.0) for t in half)) for half in state))


def _resets(window: Window, rows: slice, config: PretrainConfig) -> Tensor | None:
    """Before which places the state is zero: bool (B, T); None: this run knows no such places."""
    if config.state_reset not in ("sentences", "documents"):
        return None
    begins = window.begins if config.state_reset == "sentences" else window.document_begins
    return torch.from_numpy(begins[rows])


def parts_of(rows: slice, n_parts: int) -> Sequence[slice]:
    """Cut the rows of a rank into parts of like size: fewer if there are fewer rows."""
    n_rows = rows.stop - rows.start
    n_parts = min(n_parts, n_rows)
    edges = [rows.start + i * n_rows // n_parts for i in range(n_parts + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
